import { cpus, totalmem } from 'node:os';
import type { Figures, Mark, Part } from './scenario.ts';

/** The middle of what the rounds gave, with the least and the most. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

export interface Outcome {
  name: string;
  title: string;
  rounds: number;
  figures: Record<string, Partial<Record<keyof Figures, Spread>>>;
  marks: (Mark & { ratio: Spread; isReached: boolean })[];
}

export interface Results {
  machine: string;
  parts: Outcome[];
}

export function describeMachine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${gibibytes} GiB, ${process.platform}, Node.js ${process.versions.node}`;
}

/** What came of a part: medians of its figures, and of the ratios that its rounds gave. */
export function conclude({ name, title, marks }: Part, rounds: Record<string, Figures>[]): Outcome {
  const subjects = Object.entries(rounds[0] ?? {}).map(([subject, first]) => {
    const figures = Object.keys(first) as (keyof Figures)[];
    const spreads = figures.map((figure) => [
      figure,
      spread(rounds.map((round) => round[subject]?.[figure] ?? Number.NaN)),
    ]);
    return [subject, Object.fromEntries(spreads)];
  });
  return {
    ...{ name, title, rounds: rounds.length, figures: Object.fromEntries(subjects) },
    marks: marks.map((mark) => {
      const { figure, of, to, atLeast = 0, atMost = Number.POSITIVE_INFINITY } = mark;
      const ratio = spread(
        rounds.map((round) => (round[of]?.[figure] ?? Number.NaN) / (round[to]?.[figure] ?? Number.NaN)),
      );
      return { ...mark, ratio, isReached: ratio.median >= atLeast && ratio.median <= atMost };
    }),
  };
}

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const last = sorted.length - 1;
  const [median, least, most] = [(at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2, at(0), at(last)];
  const short = (value: number) => Number(value.toPrecision(3));
  return { median: short(median), least: short(least), most: short(most) };
}

const FIGURES: Record<keyof Figures, string> = {
  rate: 'requests/s',
  p50: 'p50 ms',
  p99: 'p99 ms',
  cpu: 'CPU µs/request',
  ms: 'ms',
  rss: 'MiB',
};

/** The results as two Markdown tables and a chart. */
export function toMarkdown({ machine, parts }: Results): string {
  const number = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
  const marks = parts.flatMap(({ title, marks }) =>
    marks.map(({ figure, of, to, atLeast, atMost, ratio, isReached }) => {
      const wanted = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
      const got = `${number(ratio.median)} (${number(ratio.least)}–${number(ratio.most)})`;
      return `| ${title} | ${FIGURES[figure]}: ${of} ÷ ${to} | ${wanted} | ${got}${isReached ? '' : ' **missed**'} |`;
    }),
  );
  const names = Object.keys(FIGURES) as (keyof Figures)[];
  const figures = parts.flatMap(({ name, figures }) =>
    Object.entries(figures).map(([subject, spreads]) => {
      const cells = names.map((figure) => (spreads[figure] ? number(spreads[figure].median) : ''));
      return `| ${name} | ${subject} | ${cells.join(' | ')} |`;
    }),
  );
  return [
    `Measured on ${machine}:`,
    '',
    '| what | ratio | mark | median (least–most) |',
    '|---|---|---|---|',
    ...marks,
    '',
    ...chart(parts),
    '',
    `| part | | ${names.map((name) => FIGURES[name]).join(' | ')} |`,
    `|---|---|${names.map(() => '--:|').join('')}`,
    ...figures,
  ].join('\n');
}

/** How far beyond its mark each ratio is: 1 is just reached, 2 is twice as good. */
function chart(parts: Outcome[]): string[] {
  const bars = parts.flatMap(({ name, marks }) =>
    marks.map(({ figure, of, to, ratio, atLeast, atMost }) => ({
      label: `${name} ${figure}: ${of} / ${to}`,
      value: atLeast === undefined ? (atMost ?? 0) / ratio.median : ratio.median / atLeast,
    })),
  );
  return [
    '```mermaid',
    'xychart-beta horizontal',
    '  title "Each ratio against its mark (1 = reached)"',
    `  x-axis [${bars.map(({ label }) => `"${label}"`).join(', ')}]`,
    `  y-axis "times the mark" 0 --> ${Math.ceil(Math.max(...bars.map(({ value }) => value)))}`,
    `  bar [${bars.map(({ value }) => value.toFixed(2)).join(', ')}]`,
    '```',
  ];
}
