import {
  BigValueColorMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  CustomVariableBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const GRAPH_WIDTH = 8;
const STAT_WIDTH = 4;
const GRAPH_HEIGHT = 8;
const STAT_HEIGHT = 4;
const FULL_WIDTH = 24;

/** Grafana's unit ids. */
export type Unit = 'reqps' | 'percentunit' | 's' | 'bytes' | 'short' | 'none';

/** One chart, or one number. */
export interface Panel {
  readonly kind: 'graph' | 'stacked' | 'stat';
  readonly title: string;
  /** What a reader learns from it. */
  readonly description: string;
  readonly unit: Unit;
  /** Expressions by their legend; `{{label}}` stands for a label's value. */
  readonly queries: Readonly<Record<string, string>>;
}

/** A dashboard as its source describes it. */
export interface DashboardSource {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Sources that can be chosen; absent where a dashboard is not about sources. */
  readonly sources?: readonly string[];
  readonly panels: readonly Panel[];
}

/** Makes what Grafana reads: numbers in one row at the top, charts in rows of three below. */
export function buildDashboard({ id, title, description, sources, panels }: DashboardSource): Dashboard {
  const dashboard = new DashboardBuilder(`Iris: ${title}`)
    .uid(`iris-${id}`)
    .description(description)
    .tags(['iris'])
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('namespace')
        .label('Namespace')
        .datasource(DATASOURCE)
        .query('label_values(iris_pdp_ready, namespace)')
        .refresh(VariableRefresh.OnDashboardLoad),
    );
  if (sources !== undefined) {
    dashboard.withVariable(
      new CustomVariableBuilder('source')
        .label('Source')
        .values(sources.join(','))
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: 'All', value: '$__all' }),
    );
  }
  for (const { panel, at } of placed(panels)) dashboard.withPanel(buildPanel(panel).gridPos(at));
  return dashboard.build();
}

function placed(panels: readonly Panel[]) {
  let x = 0;
  let y = 0;
  let height = 0;
  return panels.map((panel) => {
    const isStat = panel.kind === 'stat';
    const w = isStat ? STAT_WIDTH : GRAPH_WIDTH;
    const h = isStat ? STAT_HEIGHT : GRAPH_HEIGHT;
    if (x + w > FULL_WIDTH || (height !== 0 && height !== h)) {
      x = 0;
      y += height;
    }
    const at = { x, y, w, h };
    x += w;
    height = h;
    return { panel, at };
  });
}

function buildPanel({ kind, title, description, unit, queries }: Panel): StatBuilder | TimeseriesBuilder {
  const targets = Object.entries(queries).map(([legend, expr], index) => {
    const query = new DataqueryBuilder()
      .datasource(DATASOURCE)
      .refId(String.fromCharCode('A'.charCodeAt(0) + index))
      .expr(expr)
      .legendFormat(legend);
    return kind === 'stat' ? query.instant() : query.range();
  });
  if (kind === 'stat') {
    return new StatBuilder()
      .title(title)
      .description(description)
      .unit(unit)
      .datasource(DATASOURCE)
      .colorMode(BigValueColorMode.None)
      .targets(targets);
  }
  const graph = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .datasource(DATASOURCE)
    .drawStyle(GraphDrawStyle.Line)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .targets(targets);
  if (kind === 'stacked') {
    graph.fillOpacity(20).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  }
  return graph;
}
