import { Command, Option } from 'commander';
import { UsageError } from '../errors.js';
import { replaceFile } from '../files.js';
import { type History, readHistory } from '../history/nights.js';
import { sorted } from '../report/json.js';
import { minute } from '../report/night-lines.js';
import { plainTable } from '../report/plain-table.js';
import { percent, trendPage } from '../report/trend-page.js';
import { colours as pc } from '../text/colours.js';
import { duration } from '../text/duration.js';
import { shorten } from '../text/escape.js';

interface TrendFlags {
  format: 'table' | 'json' | 'html';
  out?: string;
}

export function trendCommand(): Command {
  return new Command('trend')
    .description('what every night of a state came to: new, still, gone, coverage')
    .argument('<DIR>', 'the state of nights (nightly --state)')
    .addOption(new Option('--format <F>', 'how to print').choices(['table', 'json', 'html']).default('table'))
    .option('--out <FILE>', 'where it goes (default: standard output)')
    .action(trend);
}

function trend(folder: string, { format, out }: TrendFlags): void {
  const history = readHistory(folder);
  if (history.nights.length === 0)
    throw new UsageError(
      `${shorten(folder)}: no night has come to its end there; give the folder that nightly --state named`,
    );
  const text =
    format === 'html'
      ? trendPage(history)
      : format === 'json'
        ? `${JSON.stringify(sorted(history), null, 2)}\n`
        : `${table(history)}\n`;
  if (out === undefined) process.stdout.write(text);
  else {
    replaceFile(out, text);
    process.stderr.write(`${shorten(out)} written\n`);
  }
}

function table({ nights }: History): string {
  const heads = ['night (UTC)', 'took', 'cases', 'new', 'still', 'gone', 'coverage', 'state', 'commit'];
  const rows = nights.map(({ start, end, cases, counts, reached, reachable, resumed, ended, commit }) => [
    minute(start),
    end === undefined ? '-' : duration(Date.parse(end) - Date.parse(start)),
    cases.toLocaleString('en-US'),
    counts.fresh > 0 ? pc.red(String(counts.fresh)) : '0',
    counts.still > 0 ? pc.yellow(String(counts.still)) : '0',
    counts.gone > 0 ? pc.green(String(counts.gone)) : '0',
    reachable === 0 ? '-' : percent(reached / reachable),
    `${resumed ? 'went on' : 'fresh'}${ended === 'whole' ? '' : `, ${ended}`}`,
    commit?.slice(0, 12) ?? '-',
  ]);
  return plainTable([heads.map((head) => pc.dim(head)), ...rows]);
}
