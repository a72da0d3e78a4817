/**
 * The folders that a run writes to. Each says of what kind it is, and belongs to one process at a time: a result may take
 * the place of a result, a night goes on in its own state, and whatever else is there stays as it is.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Shard, WHOLE } from '../campaign/records/shard.js';
import { isRecordsName, removeRecords } from '../campaign/records/record-folder.js';
import { UsageError } from '../errors.js';
import { makeFolders, readJson, replaceFile } from '../files.js';
import { shorten } from '../text/escape.js';
import { LOCK, lockFolder } from './folder-lock.js';

/** What a run came to. */
export const RESULT = 'result.json';
/** The code that was run, for reports. */
export const LISTINGS = 'listings.json';
/** Of what kind the folder is. */
const MARK = 'folder.json';
const GITIGNORE = '.gitignore';

const KINDS = ['result', 'night'] as const;
type Kind = (typeof KINDS)[number];
const HELD: Readonly<Record<Kind, string>> = {
  result: 'the result of fuzz, gate or merge',
  night: "a night's state, which only nightly writes to",
};

const markSchema = z.strictObject({ schema: z.literal('tdxfuzz/folder/1'), kind: z.enum(KINDS) });
const LARGEST_MARK = 1000;

/** What folders from before there were marks have in them. */
const UNMARKED = new Set([RESULT, LISTINGS, 'findings', 'fixed', 'earlier', 'damaged.txt']);
/** In a folder of which nothing is lost: of a volume that was just made, or of a process that had only just begun. */
const NOTHING = new Set(['lost+found', GITIGNORE, LOCK]);

/**
 * A folder for the result of `fuzz`, `gate` or `merge`. What an earlier result left there is removed, so that a run that is
 * killed leaves no verdict of another.
 *
 * @param shard whose records are to be written; those of other shards of the same whole stay
 * @returns what gives the folder back
 * @throws UsageError for a folder with anything else in it, which stays untouched
 */
export function claimResultFolder(folder: string, shard: Shard = WHOLE): () => void {
  const release = claim(folder, 'result', '--out');
  for (const name of [RESULT, LISTINGS]) rmSync(join(folder, name), { force: true });
  removeRecords(folder, shard);
  return release;
}

/** The state of a night, new or to be gone on with. @returns what gives the folder back @throws UsageError */
export function claimState(folder: string): () => void {
  return claim(folder, 'night', '--state');
}

function claim(folder: string, kind: Kind, option: string): () => void {
  try {
    makeFolders(folder);
    checkKind(folder, kind, option);
    const release = lockFolder(folder, option);
    try {
      // Another process may have come and gone in between.
      checkKind(folder, kind, option);
      if (!existsSync(join(folder, GITIGNORE))) writeFileSync(join(folder, GITIGNORE), '*\n');
      const mark: z.infer<typeof markSchema> = { schema: 'tdxfuzz/folder/1', kind };
      if (!existsSync(join(folder, MARK))) replaceFile(join(folder, MARK), `${JSON.stringify(mark)}\n`);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${option} ${shorten(folder)}: cannot write there (${code ?? 'error'}); name a folder that you can write to`,
    );
  }
}

function checkKind(folder: string, wanted: Kind, option: string): void {
  const kind = existsSync(join(folder, MARK)) ? markOf(folder) : unmarked(folder, wanted, option);
  if (kind === wanted) return;
  const [holds, otherwise] = existsSync(join(folder, MARK))
    ? [HELD[kind], '']
    : [kind === 'night' ? "records of an earlier version, which may be a night's state" : HELD[kind], 'remove it, or '];
  throw new UsageError(`${option} ${shorten(folder)}: holds ${holds}; ${otherwise}name another folder`);
}

function markOf(folder: string): Kind {
  const path = join(folder, MARK);
  const parsed = markSchema.safeParse(readJson(path, LARGEST_MARK, 'name another folder'));
  if (!parsed.success)
    throw new UsageError(`${shorten(path)}: says nothing that this version knows; name another folder`);
  return parsed.data.kind;
}

/** What a folder without a mark may be taken for. @throws UsageError if it holds anything that is not ours */
function unmarked(folder: string, wanted: Kind, option: string): Kind {
  const names = readdirSync(folder).filter((name) => !NOTHING.has(name) && !/^(lock|\.folder\.json)\./.test(name));
  // Of an earlier version: it looks the same whatever wrote it, so that it is a night's to be on the safe side.
  if (names.includes('records.jsonl')) return 'night';
  const others = names.filter((name) => !UNMARKED.has(name) && !isRecordsName(name)).sort();
  if (others.length > 0)
    throw new UsageError(
      `${option} ${shorten(folder)}: holds what tdxfuzz did not write (${shorten(others.slice(0, 3).join(', '), 100)}); ` +
        'name a folder that is new or empty',
    );
  return names.length === 0 ? wanted : 'result';
}
