import { describe, expect, it } from 'vitest';
import { type Chart, drawChart, tickStep } from './chart.ts';

const chart = (values: readonly (readonly number[])[], hasOneScale = false): Chart => ({
  title: 'Size & <weight>',
  description: 'What it shows.',
  rows: [
    {
      yLabel: 'bytes',
      series: ['mean', 'max'].slice(0, values.length),
      hasOneScale,
      panels: [
        { xLabel: 'replicas', places: ['3', '9'], values },
        { xLabel: 'clients', places: ['10', '100'], values: values.map((line) => line.map(() => 10)) },
      ],
    },
  ],
});

/** Where the points of the lines are, by line. */
function linesIn(svg: string): { readonly x: number; readonly y: number }[][] {
  return [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points = '']) =>
    points.split(' ').map((point) => {
      const [x, y] = point.split(',').map(Number) as [number, number];
      return { x, y };
    }),
  );
}

/** Texts with their height, lowest on the page first. */
function textsIn(svg: string, x: number): string[] {
  const found = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*paint-order[^>]*>([^<]+)</g)];
  return found
    .filter((match) => Number(match[1]) === x)
    .sort((one, other) => Number(other[2]) - Number(one[2]))
    .map((match) => match[3] as string);
}

describe('a chart', () => {
  it('has a title for everybody, a description, and its own background', () => {
    const svg = drawChart(chart([[1, 2]]));
    expect(svg).toContain('role="img"');
    expect(svg).toContain('<title id="title">Size &amp; &lt;weight&gt;</title>');
    expect(svg).toContain('<desc id="description">What it shows.</desc>');
    expect(svg).toMatch(/<rect width="960" height="\d+" rx="8" fill="#ffffff"/);
    expect(svg.match(/aria-labelledby="([^"]+)"/)?.[1]).toBe('title description');
  });

  it('draws points in proportion: 0 on the axis, twice the value twice as high', () => {
    const [[zero, one, two] = []] = linesIn(drawChart(chart([[0, 100, 200]])));
    const height = (point = { x: 0, y: 0 }): number => (zero?.y ?? 0) - point.y;
    expect(height(one)).toBeGreaterThan(0);
    expect(height(two)).toBeCloseTo(2 * height(one), 0);
    expect((two?.x ?? 0) - (one?.x ?? 0)).toBeCloseTo((one?.x ?? 0) - (zero?.x ?? 0), 0);
  });

  it('gives each panel its own scale, or all of them one', () => {
    const heightOf10 = (hasOneScale: boolean): number => {
      const [first, second] = linesIn(drawChart(chart([[0, 1_000]], hasOneScale)));
      return (first?.[0]?.y ?? 0) - (second?.[0]?.y ?? 0);
    };
    expect(heightOf10(false)).toBeGreaterThan(100);
    expect(heightOf10(true)).toBeLessThan(5);
  });

  it('names both axes with their ticks, and every line', () => {
    const svg = drawChart(
      chart([
        [3_000, 4_000],
        [5_000, 6_000],
      ]),
    );
    for (const text of ['bytes', 'replicas', 'clients', '>3<', '>100<', '>2,000<', 'mean', 'max']) {
      expect(svg).toContain(text);
    }
  });
});

describe('labels of points', () => {
  const labelsAt = (place: number, values: readonly (readonly number[])[]): string[] => {
    const svg = drawChart(chart(values));
    return textsIn(svg, linesIn(svg)[0]?.[place]?.x ?? 0);
  };

  it('stand above each point, also of points that lie on each other', () => {
    expect(
      labelsAt(0, [
        [100, 100],
        [900, 101],
      ]),
    ).toEqual(['100', '900']);
    expect(
      labelsAt(1, [
        [100, 100],
        [900, 101],
      ]),
    ).toEqual(['100', '101']);
  });

  it('say the same only once', () => {
    expect(
      labelsAt(1, [
        [0, 46],
        [900, 46],
      ]),
    ).toEqual(['46']);
  });

  it('keep apart from each other', () => {
    const svg = drawChart(
      chart([
        [0, 100],
        [900, 101],
      ]),
    );
    const heights = [...svg.matchAll(/y="([\d.]+)"[^>]*paint-order[^>]*>10[01]</g)].map((match) =>
      Number(match[1]),
    );
    expect(heights).toHaveLength(2);
    expect(Math.abs((heights[0] ?? 0) - (heights[1] ?? 0))).toBeGreaterThanOrEqual(12);
  });
});

it('has round ticks', () => {
  expect([0, 0.5, 7, 46, 100, 299, 6_939, 99_214].map(tickStep)).toEqual([
    1, 0.1, 2, 10, 20, 100, 2_000, 20_000,
  ]);
});
