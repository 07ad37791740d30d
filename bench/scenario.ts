import { type Load, measure } from './load.ts';
import type { Server } from './processes.ts';

/** What one subject of a part did in one round; which figures there are depends on the part. */
export interface Figures {
  /** Answers per second. */
  rate?: number;
  /** Latency, in ms. */
  p50?: number;
  p99?: number;
  /** The server's CPU time per request, in µs. */
  cpu?: number;
  /** Wall time, in ms. */
  ms?: number;
  /** Resident memory, in MiB. */
  rss?: number;
}

/** A ratio of two figures that has to be reached. */
export interface Mark {
  figure: keyof Figures;
  /** The two subjects. */
  of: string;
  to: string;
  atLeast?: number;
  atMost?: number;
}

export interface Scale {
  seconds: number;
  rounds: number;
  /** Tickets that are created before memory is looked at. */
  creates: number;
  /** Tickets of a big database. */
  tickets: number;
}

export interface Part {
  name: string;
  title: string;
  marks: Mark[];
  /** How often it is measured; default: as often as the scale says. */
  rounds?: number;
  /** Rounds that do not count, until the code that runs is compiled; default: 2. */
  warmUps?: number;
  /** Starts what is to be measured; subjects are then asked in turn. */
  open(scale: Scale): Promise<{ subjects: Record<string, () => Promise<Figures>>; close(): Promise<void> }>;
}

export const stopAll = (servers: Server[]) => async () => {
  for (const server of servers) await server.stop();
};

/** A part that puts each of its servers under a load of its own. */
export const loads =
  (
    open: (scale: Scale) => Promise<Record<string, [Server, Partial<Load> & Pick<Load, 'connections' | 'path'>]>>,
  ): Part['open'] =>
  async (scale) => {
    const opened = await open(scale);
    const subject =
      ([server, load]: [Server, Load]) =>
      () =>
        measure(server, { seconds: scale.seconds, ...load });
    return {
      subjects: Object.fromEntries(Object.entries(opened).map(([name, pair]) => [name, subject(pair)])),
      close: stopAll([...new Set(Object.values(opened).map(([server]) => server))]),
    };
  };
