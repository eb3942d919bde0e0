import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is read of Grafana's "Dashboard JSON model". */
export interface Target {
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
}

export interface Step {
  readonly color: string;
  /** `null`: from the lowest value on. */
  readonly value: number | null;
}

export interface Mapping {
  readonly type: 'value';
  readonly options: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
}

export interface FieldDefaults {
  readonly unit?: string;
  readonly min?: number;
  readonly noValue?: string;
  readonly color?: { readonly mode: string; readonly fixedColor?: string };
  readonly thresholds?: { readonly steps: readonly Step[] };
  readonly mappings?: readonly Mapping[];
  readonly custom?: {
    readonly thresholdsStyle?: { readonly mode: string };
    readonly stacking?: { readonly mode: string };
    readonly fillOpacity?: number;
  };
}

export interface PanelModel {
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults: FieldDefaults };
  readonly options?: { readonly sortBy?: readonly { readonly displayName: string; readonly desc: boolean }[] };
  readonly transformations?: readonly {
    readonly options: {
      readonly excludeByName?: Readonly<Record<string, boolean>>;
      readonly renameByName?: Readonly<Record<string, string>>;
    };
  }[];
}

/** A row and the panels under it. */
export interface Section {
  readonly title: string;
  readonly panels: readonly PanelModel[];
}

/** The dashboard as it is shipped, by its rows. */
export function shippedSections(): Section[] {
  const file = join(import.meta.dirname, '../../charts/square-operator/files/dashboard.json');
  return sectionsOf((JSON.parse(readFileSync(file, 'utf8')) as { panels: PanelModel[] }).panels);
}

export function sectionsOf(panels: readonly PanelModel[]): Section[] {
  const sections: { title: string; panels: PanelModel[] }[] = [];
  for (const panel of panels) {
    if (panel.type === 'row') sections.push({ title: panel.title, panels: [] });
    else sections.at(-1)?.panels.push(panel);
  }
  return sections;
}
