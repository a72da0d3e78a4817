/** The trend over the nights of a state, as a page: findings and coverage night by night, then every night as a row. */
import type { History, Night, OpenFinding } from '../history/nights.js';
import { duration } from '../text/duration.js';
import { locatedText, minute } from './night-lines.js';
import { type Cell, smallPage, smallTable } from './small-page.js';
import { xmlText } from './xml.js';

/** Nights that are drawn, the last ones; the table has all. */
const DRAWN = 90;
const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [720, 180, 44, 10, 26];

const TREND_STYLE = `
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem 2rem; }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
figcaption span { font-weight: 400; color: var(--quiet); }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--quiet); }
@media (max-width: 40rem) { svg text { font-size: 21px; } }
svg .axis { stroke: var(--line); }
svg .still { fill: var(--open); } svg .fresh { fill: var(--bad); } svg .gone { fill: var(--good); }
svg .line { fill: none; stroke: var(--link); stroke-width: 2; }
svg .dot { fill: var(--link); }
.key { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin: 0 .3em 0 .8em; }
.key.still { background: var(--open); } .key.fresh { background: var(--bad); } .key.gone { background: var(--good); }
`;

export function trendPage({ nights, open }: History): string {
  const whole = nights.filter(({ ended }) => ended !== 'killed');
  const last = whole.at(-1);
  const standing = open.filter(({ accepted }) => !accepted);
  const lead =
    last === undefined
      ? '<p class="lead">No night has come to its end.</p>'
      : `<p class="lead">${nights.length} night${nights.length === 1 ? '' : 's'} from ${minute(nights[0].start)} to ${minute(last.end ?? last.start)} UTC. ` +
        `In the last one <span class="bad">${last.counts.fresh} new</span>, <span class="open">${last.counts.still} still</span>, <span class="good">${last.counts.gone} gone</span>.</p>`;
  const drawn = whole.slice(-DRAWN);
  return smallPage(
    'Trend over nights',
    [
      lead,
      ...(drawn.length === 0 ? [] : [`<div class="charts">${findingsChart(drawn)}${coverageChart(drawn)}</div>`]),
      '<h2>What stands</h2>',
      standing.length === 0 ? '<p class="good">Nothing.</p>' : standingTable(standing),
      '<h2>What is gone</h2>',
      goneTable(whole),
      '<h2>Nights</h2>',
      nightsTable(nights),
    ].join('\n'),
    TREND_STYLE,
  );
}

/** Bars: what stood, and what was new on top of it; below the line what was gone. */
function findingsChart(nights: readonly Night[]): string {
  const most = Math.max(1, ...nights.map(({ counts }) => counts.still + counts.fresh));
  const below = Math.max(0, ...nights.map(({ counts }) => counts.gone));
  const scale = (HEIGHT - TOP - BOTTOM) / (most + below);
  const line = TOP + most * scale;
  const step = (WIDTH - LEFT) / nights.length;
  const width = Math.min(28, step * 0.7);
  const bars = nights.map(({ counts, start }, index) => {
    const x = LEFT + step * (index + 0.5) - width / 2;
    let base = line;
    const part = (kind: 'still' | 'fresh' | 'gone'): string => {
      const height = counts[kind] * scale;
      if (height === 0) return '';
      const y = kind === 'gone' ? line : (base -= height);
      return `<rect class="${kind}" x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}"/>`;
    };
    const said = `${minute(start)}: ${counts.fresh} new, ${counts.still} still, ${counts.gone} gone`;
    return `<g><title>${xmlText(said)}</title>${part('still')}${part('fresh')}${part('gone')}</g>`;
  });
  const keys =
    '<span class="key still"></span>still<span class="key fresh"></span>new<span class="key gone"></span>gone';
  return chart(`Findings<span>${keys}</span>`, 'Findings of each night', bars.join('\n'), nights, [
    [line, '0'],
    [TOP, String(most)],
  ]);
}

function coverageChart(nights: readonly Night[]): string {
  const share = ({ reached, reachable }: Night): number => (reachable === 0 ? 0 : reached / reachable);
  const step = (WIDTH - LEFT) / nights.length;
  const points = nights.map((night, index) => ({
    night,
    x: LEFT + step * (index + 0.5),
    y: HEIGHT - BOTTOM - share(night) * (HEIGHT - TOP - BOTTOM),
  }));
  const line = points.map(({ x, y }) => `${fixed(x)},${fixed(y)}`).join(' ');
  const dots = points.map(
    ({ night, x, y }) =>
      `<circle class="dot" cx="${fixed(x)}" cy="${fixed(y)}" r="3"><title>${xmlText(`${minute(night.start)}: ${percent(share(night))}, ${night.reached} of ${night.reachable}`)}</title></circle>`,
  );
  return chart(
    'Coverage<span> of instructions and directions of branches, in percent</span>',
    'Coverage after each night',
    `<polyline class="line" points="${line}"/>${dots.join('\n')}`,
    nights,
    [
      [HEIGHT - BOTTOM, '0'],
      [TOP, '100'],
    ],
  );
}

/** @param marks height of a line, and its text */
function chart(
  caption: string,
  label: string,
  content: string,
  nights: readonly Night[],
  marks: readonly (readonly [number, string])[],
): string {
  const lines = marks.map(([y, text]) => {
    return `<line class="axis" x1="${LEFT}" x2="${WIDTH}" y1="${fixed(y)}" y2="${fixed(y)}"/><text x="${LEFT - 8}" y="${fixed(y + 4)}" text-anchor="end">${text}</text>`;
  });
  const ends =
    `<text x="${LEFT}" y="${HEIGHT - 6}">${minute(nights[0].start)}</text>` +
    (nights.length > 1
      ? `<text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${minute(nights[nights.length - 1].start)}</text>`
      : '');
  return `<figure><figcaption>${caption}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}; the table of nights has the numbers">${lines.join('')}${content}${ends}</svg></figure>`;
}

function standingTable(open: readonly OpenFinding[]): string {
  const rows = [...open]
    .sort((a, b) => (a.since < b.since ? -1 : 1))
    .map((one): Cell[] => [{ text: minute(one.since) }, { text: locatedText(one), kind: 'wide' }]);
  return smallTable('What stands', [{ text: 'since (UTC)' }, { text: 'finding' }], rows);
}

function goneTable(nights: readonly Night[]): string {
  const rows = [...nights]
    .reverse()
    .flatMap(({ start, gone }) =>
      gone.map((one): Cell[] => [
        { text: minute(one.since) },
        { text: minute(start) },
        { text: locatedText(one), kind: 'wide' },
      ]),
    );
  if (rows.length === 0) return '<p class="quiet">Nothing so far.</p>';
  return smallTable('What is gone', [{ text: 'since (UTC)' }, { text: 'gone (UTC)' }, { text: 'finding' }], rows);
}

function nightsTable(nights: readonly Night[]): string {
  const heads: Cell[] = [
    { text: 'night (UTC)' },
    { text: 'took' },
    { text: 'cases', kind: 'number' },
    { text: 'new', kind: 'number' },
    { text: 'still', kind: 'number' },
    { text: 'gone', kind: 'number' },
    { text: 'accepted', kind: 'number' },
    { text: 'coverage', kind: 'number' },
    { text: 'state' },
    { text: 'commit' },
    { text: 'host' },
  ];
  const number = (value: number, tone?: string): Cell => ({
    text: value.toLocaleString('en-US'),
    kind: 'number',
    ...(tone !== undefined && value > 0 && { tone }),
  });
  const rows = [...nights]
    .reverse()
    .map((night): Cell[] => [
      { text: minute(night.start) },
      { text: night.end === undefined ? '-' : duration(Date.parse(night.end) - Date.parse(night.start)) },
      number(night.cases),
      number(night.counts.fresh, 'bad'),
      number(night.counts.still, 'open'),
      number(night.counts.gone, 'good'),
      number(night.accepted),
      { text: night.reachable === 0 ? '-' : percent(night.reached / night.reachable), kind: 'number' },
      { text: `${night.resumed ? 'went on' : 'fresh'}${night.ended === 'whole' ? '' : `, ${night.ended}`}` },
      { text: night.commit?.slice(0, 12) ?? '-' },
      { text: night.host ?? '-' },
    ]);
  return smallTable('Nights', heads, rows);
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const fixed = (value: number): string => value.toFixed(1);
