/** Examples of every command, for its help, the reference and the manual page; a test parses each as the tool would. */

export interface Example {
  line: string;
  does: string;
}

const example = (line: string, does: string): Example => ({ line, does });

/** Command -> its examples, the most usual one first. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  audit: [
    example('tdxfuzz audit my.o', 'what holds for everybody, without a contract'),
    example('tdxfuzz audit vmlinux --format json > audit.json', 'the same of a kernel, for programs'),
  ],
  fuzz: [
    example('tdxfuzz fuzz my.o --contract linux-6.7', 'every function of the set that the object has'),
    example('tdxfuzz fuzz my.o --target my_stub=linux-6.7/__tdcall --time 30s', 'a symbol of your own, for a time'),
    example('tdxfuzz fuzz my.o --format sarif=my.sarif --format html=my.html', 'a table here, two reports in files'),
    example('tdxfuzz fuzz --watch --fail-fast --quiet', 'at the desk: again after every build'),
    example('tdxfuzz fuzz --runs 10000000 --seed one --shard 3/8 --out s3', 'one part of eight'),
  ],
  init: [
    example('tdxfuzz init my.o', 'propose contracts, and write configuration and CI files'),
    example('tdxfuzz init my.o --dry-run', 'only print them'),
  ],
  gate: [
    example('tdxfuzz gate', 'the targets of the configuration, before a merge'),
    example('tdxfuzz gate --new-only base --format github', 'fail on what the base does not have, with annotations'),
    example('tdxfuzz gate --time 5m --fail-fast', 'no longer than that, and no longer than needed'),
    example('tdxfuzz gate --shard 0/4 --out g0', 'a quarter of it; merge joins the parts'),
  ],
  nightly: [
    example('tdxfuzz nightly --time 8h --state night', 'this night, from where the last one ended'),
    example(
      'tdxfuzz nightly --time 8h --state night --new-only --announce found.jsonl',
      'fail on what is new tonight, and tell it at once',
    ),
  ],
  status: [example('tdxfuzz status night', 'where it stands, also while it runs')],
  trend: [
    example('tdxfuzz trend night', 'a row for each night'),
    example('tdxfuzz trend night --format html --out trend.html', 'the same as a page'),
  ],
  merge: [
    example('tdxfuzz merge s0 s1 s2 s3 --out all', 'what one process would have found'),
    example('tdxfuzz merge s0 s1 s3 --out all --partial', 'the same where a shard was lost: it passes nothing'),
  ],
  report: [
    example('tdxfuzz report tdxfuzz-out --format html --out report.html', 'one file, to be read'),
    example('tdxfuzz report today --compare yesterday', 'what is new, what still stands, what is gone'),
  ],
  replay: [
    example('tdxfuzz replay tdxfuzz-out/findings/NAME', 'the run, instruction by instruction'),
    example('tdxfuzz replay case.json --image new.o', 'still broken, fixed, or no longer reached'),
    example(
      "git bisect run sh -c 'make my.o || exit 125; tdxfuzz replay case.json --image my.o --bisect'",
      'which commit broke it',
    ),
  ],
  minimize: [example('tdxfuzz minimize case.json --out small.json', 'fewer values, the same violation')],
  verify: [example('tdxfuzz verify night my.o --contract linux-6.7', 'compute what was recorded again')],
  museum: [example('tdxfuzz museum --runs 1000', 'every broken twin is found, every fixed one stays silent')],
  list: [
    example('tdxfuzz list', 'targets, contracts and properties'),
    example('tdxfuzz list neutral', 'the neutral case of every contract'),
  ],
  explain: [example('tdxfuzz explain keeps-stack', 'the rule, its source, an example, the usual fix')],
  keep: [example('tdxfuzz keep tdxfuzz-out/findings/NAME', 'from now on it is replayed first')],
  accept: [
    example("tdxfuzz accept tdxfuzz-out/findings/NAME --reason 'issue 12'", 'a gate does not fail on it'),
    example("tdxfuzz accept --all tdxfuzz-out --reason 'as it was when we began'", 'a baseline'),
  ],
  expect: [
    example('tdxfuzz expect', 'the rules that there are'),
    example('tdxfuzz expect --result tdxfuzz-out --prune', 'remove those that matched nothing'),
  ],
  completion: [
    example('source <(tdxfuzz completion bash)', 'for this shell; a line of ~/.bashrc for every one'),
    example('tdxfuzz completion fish > ~/.config/fish/completions/tdxfuzz.fish', 'for fish'),
  ],
  offsets: [
    example('tdxfuzz offsets kvm.ko > kvm-offsets.json', 'once from a build with debug information, then --offsets'),
  ],
  wild: [
    example('tdxfuzz wild', "Debian's kernels, fetched by the names of their packages"),
    example('tdxfuzz wild --image vmlinuz --write', 'a file, and the table that is kept'),
    example('tdxfuzz wild --check', 'fails on any change to the table'),
  ],
  doctor: [example('tdxfuzz doctor', 'what this machine offers, and whether the models are sound')],
};

/** Behind the help of a command; empty where it has none. */
export function examplesText(command: string): string {
  const examples = EXAMPLES[command] ?? [];
  if (examples.length === 0) return '';
  return `\nExamples:\n${examples.map(({ line, does }) => `  ${line}\n      ${does}`).join('\n')}`;
}
