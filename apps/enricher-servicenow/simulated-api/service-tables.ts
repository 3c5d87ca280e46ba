import { PEOPLE_TABLES } from './people-tables.js';
import type { Table, TableName } from './table-definition.js';
import { WORK_TABLES } from './work-tables.js';

/** All tables of the instance. */
export const TABLES: Readonly<Record<TableName, Table>> = { ...PEOPLE_TABLES, ...WORK_TABLES };
