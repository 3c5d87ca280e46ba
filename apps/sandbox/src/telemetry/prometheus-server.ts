import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@iris/context-cache/testing';
import { stringify } from 'yaml';
import { answers, startChild } from '../mesh/child.js';

/** Something that is scraped, with the labels that a PodMonitor puts on. */
export interface Target {
  /** host:port. */
  readonly address: string;
  /** `/metrics` when absent. */
  readonly path?: string;
  readonly namespace: string;
  readonly pod: string;
}

/** A series, with its values in the order of time. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** A real Prometheus that scrapes every second. */
export interface Prometheus {
  readonly url: string;
  /** What an expression is now. @throws Error with Prometheus' message */
  now(expression: string): Promise<Series[]>;
  /** What an expression has been, second by second, as a dashboard asks. @throws Error as `now` */
  since(start: Date, expression: string): Promise<Series[]>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

/**
 * Starts the prometheus of Debian's package, or the one that IRIS_PROMETHEUS names, on a free port of 127.0.0.1.
 *
 * @param folder empty; holds its configuration and its data
 * @param rules text of a rule file
 * @throws Error with its last lines when it does not start, for example because of a wrong rule
 */
export async function startPrometheus(folder: string, targets: readonly Target[], rules: string): Promise<Prometheus> {
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: targets.map(({ address, path, namespace, pod }) => ({
      job_name: `${namespace}/${pod}`,
      metrics_path: path ?? '/metrics',
      static_configs: [{ targets: [address], labels: { namespace, pod } }],
    })),
  };
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'rules.yaml'), rules);
  await writeFile(join(folder, 'prometheus.yaml'), stringify(config));
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = await startChild({
    name: 'prometheus',
    command: process.env.IRIS_PROMETHEUS ?? 'prometheus',
    args: [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=warn',
    ],
    ready: () => answers(`${url}/-/ready`),
  });

  const ask = async (path: string, parameters: Readonly<Record<string, string>>): Promise<Series[]> => {
    const response = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
    const { status, error, data } = (await response.json()) as Answer;
    if (status !== 'success') throw new Error(`${parameters.query}: ${error}`);
    if (data.resultType === 'scalar') throw new Error(`${parameters.query} is a scalar`);
    return data.result.map(({ metric, value, values }) => ({
      metric,
      values: (values ?? (value === undefined ? [] : [value])).map(([, text]) => Number(text)),
    }));
  };
  return {
    url,
    now: (query) => ask('query', { query }),
    since: (start, query) =>
      ask('query_range', { query, start: start.toISOString(), end: new Date().toISOString(), step: '1' }),
    close: async () => {
      await server.stop();
    },
  };
}
