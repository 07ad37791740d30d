import type { UsageGroup, UsageGroupName, UsageTotal } from '../../schemas/usage.ts';

/** A range of UTC dates (`2026-02-17`), inclusive. */
export interface UsageQuery {
  from: string;
  to: string;
  groupBy: UsageGroupName;
}

export interface UsageRepository {
  report(query: UsageQuery): Promise<{ data: UsageGroup[]; total: UsageTotal }>;
  /** Known cost in US dollars of the runs that started on a UTC date and have ended. */
  costOfDay(day: string): Promise<number>;
}

/** The usage of a database that servers may have open. */
export interface UsageReader {
  usage: UsageRepository;
  close(): Promise<void>;
}
