/**
 * Line charts as SVG: rows of panels, a panel for each thing that is varied. A picture brings its own
 * background, as a page that shows it may be light or dark. The places on the x axis stand evenly apart,
 * whatever their numbers: those shown grow by about the same factor.
 */
export interface Chart {
  readonly title: string;
  /** What it shows, for those who do not see it. */
  readonly description: string;
  readonly rows: readonly Row[];
}

export interface Row {
  /** With its unit. */
  readonly yLabel: string;
  readonly series: readonly string[];
  /** One y axis for all panels, so that they can be compared; else each has its own. */
  readonly hasOneScale: boolean;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly xLabel: string;
  readonly places: readonly string[];
  /** By series, then by place. */
  readonly values: readonly (readonly number[])[];
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const width = 960;
const panelHeight = 190;
const rowHeight = 268;
const headHeight = 44;
const margin = { left: 62, between: 50, right: 22, legend: 28 } as const;
/** Told apart by colour, by dash and by mark. From Okabe and Ito's palette for all kinds of eyes. */
const styles = [
  { color: '#0072b2', dash: '' },
  { color: '#b85000', dash: '6 3' },
  { color: '#007a5a', dash: '2 3' },
  { color: '#9b3f7c', dash: '9 3 2 3' },
] as const;
const labelHeight = 12;
/** Between a point and its label. */
const labelGap = 8;

export function drawChart({ title, description, rows }: Chart): string {
  const height = headHeight + rows.length * rowHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img"`,
    '  aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="11">',
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff" stroke="#c8ccd0"/>`,
    text(margin.left, 28, title, 'font-size="15" font-weight="600"'),
    ...rows.flatMap((row, index) => drawRow(row, headHeight + index * rowHeight)),
    '</svg>',
    '',
  ].join('\n');
}

function drawRow({ yLabel, series, hasOneScale, panels }: Row, top: number): string[] {
  const gaps = (panels.length - 1) * margin.between;
  const panelWidth = (width - margin.left - margin.right - gaps) / panels.length;
  const maxOf = ({ values }: Panel): number => Math.max(...values.flat());
  const most = Math.max(...panels.map(maxOf));
  const lines = [text(margin.left, top + 12, yLabel, 'font-weight="600"')];
  let left = margin.left + 24 + yLabel.length * 6.4;
  for (const [index, name] of series.entries()) {
    const { color, dash } = styleOf(index);
    lines.push(
      `<path d="M${left} ${top + 8}h26" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      mark(index, left + 13, top + 8),
      text(left + 32, top + 12, name),
    );
    left += 56 + name.length * 6.2;
  }
  for (const [index, panel] of panels.entries()) {
    const box = {
      left: margin.left + index * (panelWidth + margin.between),
      top: top + margin.legend,
      width: panelWidth,
      height: panelHeight,
    };
    lines.push(...drawPanel(panel, box, hasOneScale ? most : maxOf(panel)));
  }
  return lines;
}

function drawPanel({ xLabel, places, values }: Panel, box: Box, most: number): string[] {
  const step = tickStep(most);
  // Room above the highest point for its label.
  const end = Math.ceil((most * 1.12) / step) * step;
  const bottom = box.top + box.height;
  const xOf = (place: number): number => box.left + (box.width * (place + 0.5)) / places.length;
  const yOf = (value: number): number => bottom - (box.height * value) / end;
  const lines: string[] = [];
  for (let tick = 0; tick <= end; tick += step) {
    const y = round(yOf(tick));
    const color = tick === 0 ? '#5a6168' : '#e3e6e9';
    lines.push(`<path d="M${round(box.left)} ${y}h${round(box.width)}" stroke="${color}"/>`);
    lines.push(text(box.left - 6, y + 4, written(tick), 'text-anchor="end"'));
  }
  for (const [place, label] of places.entries()) {
    lines.push(text(xOf(place), bottom + 16, label, 'text-anchor="middle"'));
  }
  lines.push(text(box.left + box.width / 2, bottom + 34, xLabel, 'text-anchor="middle"'));
  for (const [index, line] of values.entries()) {
    const { color, dash } = styleOf(index);
    const points = line.map((value, place) => `${round(xOf(place))},${round(yOf(value))}`).join(' ');
    const stroke = `stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"`;
    lines.push(`<polyline points="${points}" fill="none" ${stroke}/>`);
    lines.push(...line.map((value, place) => mark(index, xOf(place), yOf(value))));
  }
  for (const place of places.keys()) lines.push(...pointLabels(values, place, xOf(place), yOf));
  return lines;
}

/**
 * The values at one place. Points so close that a label would hide the next of them share a stack of labels
 * above the highest: in the order of the values, each in the colour of its line.
 */
function pointLabels(
  values: readonly (readonly number[])[],
  place: number,
  x: number,
  yOf: (value: number) => number,
): string[] {
  const points = values.map((line, index) => ({ value: line[place] ?? 0, index }));
  points.sort((one, other) => one.value - other.value);
  const stacks: Stack[] = [];
  for (const { value, index } of points) {
    const label = { written: written(value), index };
    const y = yOf(value);
    const last = stacks.at(-1);
    const endOfLast =
      last === undefined ? Number.POSITIVE_INFINITY : last.y - last.labels.length * labelHeight;
    if (last === undefined || y < endOfLast - 2 * labelGap) {
      stacks.push({ y, labels: [label] });
    } else {
      last.y = y;
      if (last.labels.at(-1)?.written !== label.written) last.labels.push(label);
    }
  }
  const halo = 'text-anchor="middle" paint-order="stroke" stroke="#ffffff" stroke-width="3"';
  return stacks.flatMap(({ y, labels }) =>
    labels.map((label, step) =>
      text(x, y - labelGap - step * labelHeight, label.written, halo, styleOf(label.index).color),
    ),
  );
}

interface Stack {
  /** Of its highest point. */
  y: number;
  readonly labels: { readonly written: string; readonly index: number }[];
}

function mark(series: number, x: number, y: number): string {
  const [left, top] = [round(x), round(y)];
  const { color } = styleOf(series);
  if (series % 2 === 0) return `<circle cx="${left}" cy="${top}" r="3.5" fill="${color}"/>`;
  return `<path d="M${left} ${round(y - 4.5)}l4.5 4.5l-4.5 4.5l-4.5 -4.5z" fill="${color}"/>`;
}

function styleOf(series: number): { readonly color: string; readonly dash: string } {
  return styles[series % styles.length] as (typeof styles)[number];
}

/** 1, 2 or 5 times a power of ten: about five of them up to `most`. */
export function tickStep(most: number): number {
  if (most <= 0) return 1;
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((each) => each * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function written(value: number): string {
  const digits = value !== 0 && Math.abs(value) < 10 ? 1 : 0;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

function text(x: number, y: number, content: string, attributes = '', color = '#24292f'): string {
  const place = `x="${round(x)}" y="${round(y)}"`;
  return `<text ${place} fill="${color}" ${attributes}>${escaped(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
