/** Opens the runner of a target: the one place that asks whether its contract is that of a single function or of a program. */
import { PROPERTIES } from '../../properties/all.js';
import { type ProgramProperty, speaksOfPrograms, speaksOfStubs, type StubProperty } from '../clause/property.js';
import type { EngineOptions } from '../stage/stage.js';
import type { CaseRunner } from '../judge/case-runner.js';
import { PlayRunner } from '../play/play-runner.js';
import { findProgram } from '../program/programs.js';
import { ProgramRunner } from './program-runner.js';
import type { Runner } from './runner.js';
import { createCaseRunner, StubRunner } from './stub-runner.js';
import { type AnyTarget, isProgram, type ProgramTarget, type StubTarget } from './target.js';

/**
 * @param knownSize bytes of the function's code, where the image does not know: the bytes outside of a case's pages are not there
 * @throws UsageError if nothing plays the contract's program, or its options are not those of the program
 * @throws ImageError if the image lacks the function
 */
export function openRunner(target: AnyTarget, knownSize?: number): Runner {
  return isProgram(target)
    ? new ProgramRunner(target, createPlayRunner(target))
    : new StubRunner(target, createRunner(target, knownSize));
}

/** The reference path of one program, without what is around it. @throws as openRunner */
export function createPlayRunner({ image, program, properties }: ProgramTarget): PlayRunner {
  return new PlayRunner(image, program, findProgram(program.program), programProperties(properties));
}

/** The reference path of one function, without what is around it. @throws ImageError as openRunner */
export function createRunner(target: StubTarget, knownSize?: number, engine?: EngineOptions): CaseRunner {
  return createCaseRunner(target, stubProperties(target.properties), knownSize, engine);
}

/** What speaks of single functions. @param names those that are wanted, all if not given */
export function stubProperties(names?: readonly string[]): readonly StubProperty[] {
  return chosen(names).filter(speaksOfStubs);
}

/** What speaks of programs. @param names those that are wanted, all if not given */
export function programProperties(names?: readonly string[]): readonly ProgramProperty[] {
  return chosen(names).filter(speaksOfPrograms);
}

function chosen(names: readonly string[] | undefined) {
  return names === undefined ? PROPERTIES : PROPERTIES.filter(({ name }) => names.includes(name));
}
