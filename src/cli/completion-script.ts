/** Completion scripts, made of the commands themselves: nothing is run while a user types. */
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Option or argument -> words that it takes beside those that it declares. */
export type Values = Readonly<Record<string, readonly string[]>>;

export function completionScript(program: Command, shell: Shell, values: Values): string {
  switch (shell) {
    case 'bash':
      return bash(program, values);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(program, values)}`;
    case 'fish':
      return fish(program, values);
  }
}

/** Help is everywhere and an option of none. */
const flagsOf = ({ options }: Command): string[] => [
  ...options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []),
  '--help',
];

/** Words that an option takes; undefined where they are no fixed words. */
function wordsOf({ long, argChoices }: Option, values: Values): readonly string[] | undefined {
  return argChoices ?? values[long ?? ''];
}

/** Words that an argument takes. */
function argumentWords({ registeredArguments }: Command, values: Values): readonly string[] {
  return registeredArguments.flatMap((argument) => argument.argChoices ?? values[argument.name()] ?? []);
}

const takesValue = (option: Option): boolean => option.required || option.optional;

function bash(program: Command, values: Values): string {
  const names = program.commands.map((command) => command.name());
  const cases = program.commands.flatMap((command) =>
    command.options.filter(takesValue).map((option) => {
      const words = wordsOf(option, values);
      const reply = words === undefined ? '_tdxfuzz_files' : `_tdxfuzz_words "${words.join(' ')}"`;
      return `    '${command.name()} ${option.long}') ${reply}; return ;;`;
    }),
  );
  const commands = program.commands.map((command) => {
    const words = argumentWords(command, values);
    const rest = words.length === 0 ? '_tdxfuzz_files' : `_tdxfuzz_words "${words.join(' ')}"`;
    return `    ${command.name()}) case $cur in -*) _tdxfuzz_words "${flagsOf(command).join(' ')}" ;; *) ${rest} ;; esac ;;`;
  });
  return `# Completion for tdxfuzz, made by: tdxfuzz completion bash
_tdxfuzz_words() {
  local word
  COMPREPLY=()
  for word in $1; do case $word in "$cur"*) COMPREPLY+=("$word") ;; esac; done
}
_tdxfuzz_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "$cur"))
  type compopt > /dev/null 2>&1 && compopt -o filenames 2> /dev/null
  return 0
}
_tdxfuzz() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  if [ "$COMP_CWORD" -le 1 ]; then _tdxfuzz_words "${[...names, 'help', '--version', '--help'].join(' ')}"; return; fi
  case "\${COMP_WORDS[1]} $prev" in
${cases.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${commands.join('\n')}
    help) _tdxfuzz_words "${names.join(' ')}" ;;
  esac
}
complete -F _tdxfuzz tdxfuzz
`;
}

function fish(program: Command, values: Values): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const short = (text: string): string => (text.length > 70 ? `${text.slice(0, 67)}...` : text);
  const commands = program.commands.map(
    (command) =>
      `complete -c tdxfuzz -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(short(command.description()))}`,
  );
  const options = program.commands.flatMap((command) => {
    const when = `-n '__fish_seen_subcommand_from ${command.name()}'`;
    const words = argumentWords(command, values);
    return [
      ...(words.length === 0 ? [] : [`complete -c tdxfuzz ${when} -f -a ${quoted(words.join(' '))}`]),
      ...command.options
        .filter(({ hidden, long }) => !hidden && long !== undefined)
        .map((option) => {
          const own = wordsOf(option, values);
          const value = !takesValue(option) ? '' : own === undefined ? ' -r' : ` -x -a ${quoted(own.join(' '))}`;
          return `complete -c tdxfuzz ${when} -l ${option.long?.slice(2)}${value} -d ${quoted(short(option.description))}`;
        }),
    ];
  });
  return `# Completion for tdxfuzz, made by: tdxfuzz completion fish\n${[...commands, ...options].join('\n')}\n`;
}
