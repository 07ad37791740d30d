import { type Markish, type PlotOptions, plot, type ScaleOptions } from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { formatCount } from './format.ts';
import { escapeHtml } from './html.ts';

const WIDTH = 620;

export interface Chart extends Omit<PlotOptions, 'title' | 'marks'> {
  title: string;
  /** Read aloud instead of the picture. */
  description: string;
  /** Shown instead of a chart that would be empty. */
  emptyText?: string | false;
  marks?: Markish[];
}

/** Returns a figure with an SVG, or with a sentence if there is nothing to draw. */
export function drawChart({ title, description, emptyText, ...options }: Chart): string {
  const content = emptyText ? `<p>${escapeHtml(emptyText)}</p>` : drawPlot(title, description, options);
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${content}</figure>`;
}

function drawPlot(title: string, description: string, options: PlotOptions): string {
  const { document } = parseHTML('<html></html>'); // Plot needs a DOM
  const drawing = plot({ width: WIDTH, document, ...options });
  // With a legend, Plot returns a figure whose last SVG is the chart.
  const svg = drawing.localName === 'svg' ? drawing : [...drawing.querySelectorAll('svg')].at(-1);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `${title}. ${description}`);
  return drawing.localName === 'svg' ? drawing.outerHTML : drawing.innerHTML;
}

/** An axis of whole numbers; Plot's own ticks would be fractions if the numbers are small. */
export const countAxis = (label: string, max: number): ScaleOptions => ({
  label,
  grid: true,
  nice: true,
  ticks: max < 5 ? Array.from({ length: max + 1 }, (_, tick) => tick) : 5,
  tickFormat: formatCount,
});

export const COST_COLOR = '#4269d0';
