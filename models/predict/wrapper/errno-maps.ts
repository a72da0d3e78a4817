/**
 * The error numbers that Linux's wrappers around SEAMCALL make of a status, as data: one row for each status that a map
 * names, and one for all the others.
 */
import { ERRNO, type ErrnoName } from '../../abi/errno.js';
import { TDX_SEAMCALL_GP, TDX_SEAMCALL_UD, TDX_SEAMCALL_VMFAILINVALID } from '../../abi/linux-constants.js';

/** A generation of wrappers. */
export type ErrnoMapName = 'seed-002' | 'linux-6.8';

/** What is printed about a failure; `failure` comes with the leaf and the status, and with the outputs where there are any. */
export type Message = 'not-enabled' | 'not-loaded' | 'not-in-vmx' | 'failure';

export interface ErrnoRow {
  readonly map: ErrnoMapName;
  /** The whole 64-bit word, or every word that no other row of the map names. */
  readonly status: bigint | 'any other';
  /** What the wrapper returns, negated. */
  readonly errno: ErrnoName | 'none';
  readonly prints: Message | 'nothing';
  readonly source: string;
  /** The property that checks this row. */
  readonly property: 'maps-errno';
}

const SUCCESS = 0n;

type Rule = readonly [status: ErrnoRow['status'], errno: ErrnoRow['errno'], prints: ErrnoRow['prints']];

function rows(map: ErrnoMapName, source: string, rules: readonly Rule[]): ErrnoRow[] {
  return rules.map(([status, errno, prints]) => ({ map, status, errno, prints, source, property: 'maps-errno' }));
}

/** Every map; the row of all other statuses is the last of its map. */
export const SEAMCALL_ERRNO_ROWS: readonly ErrnoRow[] = [
  ...rows('seed-002', 'docs/abi/linux-seamcall.md#seamcall-of-2023 (patch series of 2022 and 2023)', [
    [SUCCESS, 'none', 'nothing'],
    [TDX_SEAMCALL_VMFAILINVALID, 'ENODEV', 'not-loaded'],
    [TDX_SEAMCALL_GP, 'ENODEV', 'not-enabled'],
    [TDX_SEAMCALL_UD, 'EINVAL', 'not-in-vmx'],
    ['any other', 'EIO', 'failure'],
  ]),
  ...rows('linux-6.8', 'docs/abi/linux-seamcall.md#sc_retry_prerr (v6.8 to v7.3.4)', [
    [SUCCESS, 'none', 'nothing'],
    [TDX_SEAMCALL_VMFAILINVALID, 'ENODEV', 'nothing'],
    [TDX_SEAMCALL_GP, 'EOPNOTSUPP', 'nothing'],
    [TDX_SEAMCALL_UD, 'EACCES', 'nothing'],
    ['any other', 'EIO', 'failure'],
  ]),
];

/** The row of a map that a status falls into. All 64 bits count: the lower half tells the software's own codes apart. */
export function errnoRow(map: ErrnoMapName, status: bigint): ErrnoRow {
  const ofMap = SEAMCALL_ERRNO_ROWS.filter((row) => row.map === map);
  return ofMap.find((row) => row.status === status) ?? ofMap[ofMap.length - 1];
}

/** What a wrapper returns: 0, or an error number below 0. */
export function resultOf({ errno }: ErrnoRow): bigint {
  return errno === 'none' ? 0n : -ERRNO[errno];
}
