import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type Copy,
  DockerfileParser,
  type Env,
  type From,
  type Instruction,
  type JSONInstruction,
  type Label,
} from 'dockerfile-ast';

/** A stage of a Dockerfile. */
interface Stage {
  /** The name after AS. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** A stage's file system and what a container started from it would have. */
export class StageState {
  workdir = '/';
  user: string | undefined;
  entrypoint: readonly string[] = [];
  command: readonly string[] = [];
  readonly environment: Record<string, string> = {};
  readonly labels: Record<string, string> = {};

  /** @param root folder that stands for the root of the stage's file system */
  constructor(readonly root: string) {}

  /** Where a path of the stage is on this machine. */
  path(inside: string): string {
    return join(this.root, resolve(this.workdir, inside));
  }
}

export function stagesOf(dockerfile: string): Stage[] {
  const stages: { name: string | undefined; instructions: Instruction[] }[] = [];
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      stages.push({ name: (instruction as From).getBuildStage() ?? undefined, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
}

interface Context {
  /** Folder that the builder is given. */
  readonly folder: string;
  readonly stages: ReadonlyMap<string, StageState>;
  readonly buildArguments: Readonly<Record<string, string>>;
}

/**
 * Performs one instruction on this machine. The steps of RUN must keep to paths below the working directory, since there
 * is no other root here.
 *
 * @throws Error for an instruction that is not known, and for a step that fails
 */
export function perform(instruction: Instruction, state: StageState, context: Context): void {
  const raw = instruction.getRawArgumentsContent() ?? '';
  switch (instruction.getKeyword()) {
    case 'WORKDIR':
      state.workdir = resolve(state.workdir, raw);
      mkdirSync(state.path('.'), { recursive: true });
      return;
    case 'COPY':
      copy(instruction as Copy, state, context);
      return;
    case 'RUN':
      execFileSync('sh', ['-ec', raw], {
        cwd: state.path('.'),
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          // Authorities that this machine trusts beside the public ones, as of a proxy before the registry.
          ...(process.env.NODE_EXTRA_CA_CERTS && { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS }),
          // What an `npm ci` before this one has fetched is not fetched again.
          npm_config_prefer_offline: 'true',
          ...state.environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return;
    case 'ARG': {
      const [name = '', fallback] = raw.split('=');
      const value = context.buildArguments[name] ?? fallback;
      if (value === undefined) throw new Error(`the build argument ${name} is needed`);
      state.environment[name] = value;
      return;
    }
    case 'ENV':
      for (const property of (instruction as Env).getProperties()) {
        state.environment[property.getName()] = property.getValue() ?? '';
      }
      return;
    case 'LABEL':
      for (const property of (instruction as Label).getProperties()) {
        const value = property.getValue() ?? '';
        state.labels[property.getName()] = value.replace(/\$\{(\w+)\}/g, (_, name) => state.environment[name] ?? '');
      }
      return;
    case 'USER':
      state.user = raw;
      return;
    case 'ENTRYPOINT':
      state.entrypoint = words(instruction as JSONInstruction);
      return;
    case 'CMD':
      state.command = words(instruction as JSONInstruction);
      return;
    default:
      throw new Error(`no step for ${instruction.getKeyword()}`);
  }
}

/** Sources and destination of a COPY. */
export function copyArguments(instruction: Copy): { from: string | undefined; sources: string[]; target: string } {
  const paths = instruction.getArguments().map((argument) => argument.getValue());
  const target = paths.pop() ?? '';
  return { from: instruction.getFromFlag()?.getValue() ?? undefined, sources: paths, target };
}

function copy(instruction: Copy, state: StageState, context: Context): void {
  const { from, sources, target } = copyArguments(instruction);
  const stage = from === undefined ? undefined : context.stages.get(from);
  if (from !== undefined && stage === undefined) throw new Error(`there is no stage ${from}`);
  for (const source of sources) {
    const path = stage === undefined ? join(context.folder, source) : join(stage.root, source);
    const intoFolder = target.endsWith('/') && statSync(path).isFile();
    const place = state.path(intoFolder ? join(target, basename(path)) : target);
    if (stage === undefined) {
      const isIgnored = (file: string) => file.endsWith('.spec.ts') || basename(file) === 'fixtures';
      cpSync(path, place, { recursive: true, verbatimSymlinks: true, filter: (file) => !isIgnored(file) });
    } else {
      linkTree(path, place);
    }
  }
}

/** Copies by links, which saves the copying of ten thousands of files; nothing writes into a file that is there already. */
export function linkTree(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  execFileSync('cp', ['-al', from, to]);
}

function words(instruction: JSONInstruction): string[] {
  return instruction.getJSONStrings().map((word) => word.getJSONValue());
}
