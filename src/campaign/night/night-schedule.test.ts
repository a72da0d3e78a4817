import { describe, expect, it } from 'vitest';
import { nextTarget, type Turn } from './night-schedule.js';

/** Runs a night in which each target makes progress as long as it is told to, one second a turn. */
function night(turns: number, targets: { isNew: boolean; progressUntil: number }[]): Turn[] {
  const states: Turn[] = targets.map(({ isNew }) => ({ isNew, spent: 0, idle: 0 }));
  for (let turn = 0; turn < turns; turn++) {
    const index = nextTarget(states, turn);
    const state = states[index];
    state.spent += 1000;
    state.idle = state.spent <= 1000 * targets[index].progressUntil ? 0 : state.idle + 1000;
  }
  return states;
}

const stalled = { isNew: false, progressUntil: 0 };

describe('the schedule of a night', () => {
  it('gives most of the time to what still makes progress, and a floor to the rest', () => {
    const [moving, ...others] = night(400, [{ isNew: false, progressUntil: 1000 }, stalled, stalled, stalled]);
    expect(moving.spent).toBeGreaterThan(0.7 * 400_000);
    for (const { spent } of others) expect(spent).toBeGreaterThan(0.05 * 400_000);
  });

  it('treats targets alike that make none', () => {
    const spent = night(300, [stalled, stalled, stalled]).map((target) => target.spent);
    expect(Math.max(...spent) - Math.min(...spent)).toBeLessThanOrEqual(2000);
  });

  it('lets a target fall back once it stalls, and the others catch up', () => {
    const early = night(100, [{ isNew: false, progressUntil: 60 }, stalled]);
    expect(early[0].spent).toBeGreaterThan(early[1].spent);
    const late = night(1000, [{ isNew: false, progressUntil: 60 }, stalled]);
    expect(late[1].spent).toBeGreaterThan(0.4 * 1_000_000);
  });

  it('begins with what is new, in turn', () => {
    const states: Turn[] = [stalled, { isNew: true, progressUntil: 0 }, { isNew: true, progressUntil: 0 }].map(
      ({ isNew }) => ({ isNew, spent: 0, idle: 0 }),
    );
    const order = Array.from({ length: 12 }, (_, turn) => {
      const index = nextTarget(states, turn);
      states[index].spent += 1000;
      states[index].idle += 1000;
      return index;
    });
    expect(order.slice(0, 10)).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
    expect(order[10]).toBe(0);
  });
});
