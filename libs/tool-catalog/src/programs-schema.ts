import { z } from 'zod';

const WORD_FORM = 'must be lower-case letters, digits and _, for example postgres';
const OPTION_FORM = 'must be an option such as -h, --host or "-o HostName", or the start of one such as -o';

const word = z.string().regex(/^[a-z][a-z0-9_]*$/, WORD_FORM);
const programName = z
  .string()
  .regex(/^[\w.+@[\]:-]{1,64}$/, 'must be the name of a program without its path, for example psql');
const option = z.string().regex(/^[-+:/][^\s=]*(?: [\w.*-]+)?$|^[a-z]+$/, OPTION_FORM);
const options = z.array(option).min(1, 'must list at least one option');
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, 'must be the name of an environment variable');
const variables = z.array(variable).min(1, 'must list at least one environment variable');
const verb = z
  .string()
  .regex(/^[\w.:+*-]+(?: [\w.:+*-]+){0,3}$/, 'must be one to four words such as delete, "config view" or get-*');
const verbs = z.array(verb).min(1, 'must list at least one verb');

const operation = z.enum(['read', 'write', 'export', 'execute', 'delete']);

const target = z.strictObject({
  /** What the values below are; `connection` for databases, `name` elsewhere if absent. */
  kind: z.enum(['host', 'connection', 'url', 'name']).optional(),
  /** Options whose value is where the program goes. */
  options: options.optional(),
  /** Where it goes as a host or URL, for a program that otherwise takes names. */
  hosts: z.strictObject({ options: options.optional(), env: variables.optional() }).optional(),
  /** Options whose value is a connection string, or the name of a database. */
  connection: options.optional(),
  /** Options that lead to further hosts: forwarded ports, hosts to jump over. */
  forwards: options.optional(),
  /** Bare words that are where the program goes. */
  positional: z.enum(['connection', 'host', 'remote', 'any']).optional(),
  /** Environment variables that hold it. */
  env: variables.optional(),
  /** Counts only where no option above is given, but may always raise the environment: a file of contexts. */
  fallback: z.strictObject({ options: options.optional(), env: variables.optional() }).optional(),
  /** Values that may raise the environment and never lower it. */
  hints: z.strictObject({ options: options.optional(), env: variables.optional() }).optional(),
  /** These options count before the first bare word only, where the program takes no others. */
  leading: z.boolean().default(false),
  /** Verbs that choose the target of later calls, and the variable that would do the same. */
  chosen: z.strictObject({ verbs, env: variable }).optional(),
  /** The documented target without any of these. */
  default: z.string().min(1).optional(),
  /** A port other than the default one of a local server may be a tunnel. */
  port: z.strictObject({ options: options.optional(), env: variables.optional(), default: z.string() }).optional(),
  /** How to name the target, for messages. */
  advice: z.string().min(1).max(120).optional(),
});

const statement = z.strictObject({
  options: options.optional(),
  positional: z.boolean().default(false),
  stdin: z.boolean().default(false),
  /** Options whose value is a file of statements. */
  file: options.optional(),
  dialect: z
    .enum(['postgres', 'mysql', 'mssql', 'oracle', 'sqlite', 'snowflake', 'bigquery', 'clickhouse', 'generic'])
    .default('generic'),
  /** What begins a shell command inside a statement. */
  shell: z.array(z.string().min(1).max(20)).optional(),
  /** What names another target inside a statement. */
  connect: z.array(z.string().min(1).max(20)).optional(),
});

const command = z
  .strictObject({
    /** Only below these verbs. */
    verbs: verbs.optional(),
    /** The words after the options are a command. */
    rest: z.boolean().default(false),
    /** The word that the command follows. */
    after: z.string().min(1).optional(),
    /** Options that the command follows. */
    afterOptions: options.optional(),
    /** Words that end the command. */
    until: z.array(z.string().min(1)).optional(),
    /** Options may follow the bare words that are skipped. */
    interspersed: z.boolean().default(false),
    /** Bare words between the options and the command. */
    skip: z.number().int().min(0).max(4).default(0),
    /** The words are joined and read as shell text. */
    text: z.boolean().default(false),
    /** Options whose value is shell text. */
    options: options.optional(),
    /** It runs elsewhere: local targets are those of the remote. */
    remote: z.boolean().default(false),
    /** It gets no environment from outside. */
    clearsEnv: z.boolean().default(false),
    /** It may get any variable from outside: a target that is not named is not known. */
    setsEnv: z.boolean().default(false),
    /** Options whose value `NAME=value` is its environment. */
    env: options.optional(),
    /** Options that remove variables or all of them. */
    unset: options.optional(),
    /** Options whose value is the program itself, of which the words are arguments. */
    program: options.optional(),
    /** Options whose value marks the place of further words. */
    place: options.optional(),
    /** It gets further words that are not known. */
    appends: z.boolean().default(false),
    /** Standard input is a list of commands. */
    stdin: z.boolean().default(false),
  })
  .refine(
    ({ rest, after, afterOptions, options, stdin }) => rest || after || afterOptions || options || stdin,
    'must have rest, after, afterOptions, options or stdin, which say where the command is',
  );

const program = z.strictObject({
  names: z.array(programName).min(1, 'must list at least one program'),
  system: word.optional(),
  category: word.optional(),
  /** What a call does that no verb, flag or statement reports. */
  operation: operation.default('execute'),
  /** Runs nothing that its arguments name. */
  plain: z.boolean().default(false),
  verbs: z
    .strictObject({
      read: verbs.optional(),
      write: verbs.optional(),
      export: verbs.optional(),
      execute: verbs.optional(),
      delete: verbs.optional(),
      /** Reach nothing outside of the machine; they count as the first bare word only. */
      local: verbs.optional(),
    })
    .optional(),
  /** Verbs are matched without regard to case. */
  anyCase: z.boolean().default(false),
  /** Options that raise the operation, as `--delete` or `"-X DELETE"`. */
  flags: z
    .strictObject({
      read: options.optional(),
      write: options.optional(),
      export: options.optional(),
      execute: options.optional(),
      delete: options.optional(),
    })
    .optional(),
  /** Other options that take a value. */
  valued: options.optional(),
  /** Options without a value. After an option that is not listed, a target is doubtful. */
  switches: options.optional(),
  target: target.optional(),
  statement: statement.optional(),
  command: z.union([command, z.array(command).min(1)]).optional(),
  /** The program is a shell. */
  script: z.strictObject({ options: options.optional(), stdin: z.boolean().default(false) }).optional(),
  /** The program runs code of a language that is not read. */
  code: z
    .strictObject({
      options: options.optional(),
      stdin: z.boolean().default(false),
      /** The first bare word is code. */
      positional: z.boolean().default(false),
      /** The first bare word is a file of code. */
      file: z.boolean().default(false),
      /** Code of which it can be told whether it runs or writes anything. */
      dialect: z.enum(['awk', 'sed']).optional(),
    })
    .optional(),
  /** Ways to have the program run another one. */
  runs: z.strictObject({ options: options.optional(), env: variables.optional(), verbs: verbs.optional() }).optional(),
  /** What it runs is never part of the call. */
  opaque: z.enum(['script', 'code']).optional(),
  /** Bare words are URLs. */
  url: z.boolean().default(false),
});

/** The section `programs` of the catalog. */
export const programsSchema = z.array(program).superRefine((programs, context) => {
  const owners = new Map<string, string>();
  for (const [index, { names, system, category }] of programs.entries()) {
    for (const name of names) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        context.addIssue({ code: 'custom', path: [index, 'names'], message: `"${name}" is listed already` });
      }
      owners.set(name, name);
    }
    if ((system === undefined) !== (category === undefined)) {
      context.addIssue({ code: 'custom', path: [index, 'system'], message: 'must be given together with category' });
    }
  }
});

/** One program as written. */
export type ProgramDocument = z.infer<typeof program>;

/** One way in which a program runs a command, as written. */
export type CommandDocument = z.infer<typeof command>;
