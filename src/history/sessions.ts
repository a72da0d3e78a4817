/** The nights that a state has records of, each with what it recorded. */
import { dateOf, type Origin } from '../campaign/records/origin.js';
import type { CampaignRecord } from '../campaign/records/records.js';

/** One process that worked on a state. */
export interface Session extends Origin {
  id: string;
  start: string;
  /** Milliseconds that it was to take. */
  planned: number;
  /** Absent: it has not come to its end. */
  end?: string;
  interrupted: boolean;
  /** Cases that it recorded. */
  cases: number;
  /** Target, as `NAME@FINGERPRINT` -> cases that it recorded. */
  targets: Map<string, number>;
}

/** In the order of the nights; of records from before nights had a beginning there are none. */
export function sessionsOf(records: readonly CampaignRecord[]): Session[] {
  const sessions: Session[] = [];
  for (const record of records) {
    const session = sessions.at(-1);
    switch (record.kind) {
      case 'night': {
        const { kind: _, started, ...rest } = record;
        sessions.push({ ...rest, start: dateOf(started), interrupted: false, cases: 0, targets: new Map() });
        break;
      }
      case 'blocks':
        if (session === undefined) break;
        session.cases += record.cases;
        session.targets.set(record.target, (session.targets.get(record.target) ?? 0) + record.cases);
        break;
      case 'process': {
        const own = sessions.find(({ id }) => id === record.id);
        if (own === undefined) break;
        own.end = dateOf(record.started + record.milliseconds);
        own.interrupted = record.interrupted;
      }
    }
  }
  return sessions;
}
