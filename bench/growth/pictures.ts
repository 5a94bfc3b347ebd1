import type { Chart, Row } from './chart.ts';
import type { Figures, Sizes } from './figures.ts';
import type { Axis } from './settings.ts';

/** The figures along one axis, in its order. */
export interface MeasuredAxis {
  readonly axis: Axis;
  readonly figures: readonly Figures[];
}

export function tokenChart(measured: readonly MeasuredAxis[]): Chart {
  const sizes = (
    of: (figures: Figures) => Sizes,
  ): Readonly<Record<string, (figures: Figures) => number>> => ({
    p50: (figures) => of(figures).p50,
    p99: (figures) => of(figures).p99,
    max: (figures) => of(figures).max,
  });
  return {
    title: 'Size of the token that clients carry',
    description:
      'Two rows of three line charts: bytes of a token against replicas, clients and restarts, of clients ' +
      'under load and of clients that only read.',
    rows: [
      row(
        'bytes, under load',
        true,
        measured,
        sizes(({ tokens }) => tokens),
      ),
      row(
        'bytes, clients that only read, no writes',
        true,
        measured,
        sizes((each) => each.readersTokens),
      ),
    ],
  };
}

export function bytesChart(measured: readonly MeasuredAxis[]): Chart {
  return {
    title: 'Bytes that the links of all replicas carry',
    description:
      'Two rows of three line charts: bytes for each write under load, and bytes a second when idle, ' +
      'against replicas, clients and restarts. Each panel has its own scale.',
    rows: [
      row('bytes per write, under load', false, measured, {
        total: (figures) => figures.perWriteTotal,
        'records of writes': ({ perWrite }) => perWrite.writes,
        claims: ({ perWrite }) => perWrite.claims,
        'anti-entropy': ({ perWrite }) => perWrite.antiEntropy,
      }),
      row('bytes a second, idle', false, measured, {
        total: (figures) => figures.idlePerSTotal,
        'anti-entropy': ({ idlePerS }) => idlePerS.antiEntropy,
        heartbeats: ({ idlePerS }) => idlePerS.heartbeats,
      }),
    ],
  };
}

function row(
  yLabel: string,
  hasOneScale: boolean,
  measured: readonly MeasuredAxis[],
  series: Readonly<Record<string, (figures: Figures) => number>>,
): Row {
  return {
    yLabel,
    hasOneScale,
    series: Object.keys(series),
    panels: measured.map(({ axis, figures }) => ({
      xLabel: axis.label,
      places: axis.values.map((value) => value.toLocaleString('en')),
      values: Object.values(series).map((of) => figures.map(of)),
    })),
  };
}
