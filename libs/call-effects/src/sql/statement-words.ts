/** What a statement does at most; the order is from the most to the least restrictive. */
export const SQL_OPERATIONS = ['delete', 'execute', 'export', 'write', 'read'] as const;

export type SqlOperation = (typeof SQL_OPERATIONS)[number];

function words(operation: SqlOperation, list: string): [string, SqlOperation][] {
  return list.split(' ').map((word) => [word, operation]);
}

/** What a statement that begins with the word does at least. A word that is not listed is `execute`. */
export const FIRST_WORDS: ReadonlyMap<string, SqlOperation> = new Map([
  ...words(
    'read',
    'select values table with show describe desc explain use fetch declare close go ls list help pragma',
  ),
  ...words('read', 'begin start commit end rollback abort savepoint release prepare deallocate discard set unlisten'),
  ...words('read', 'from if else while print return listen reset move exists xa work transaction checksum const'),
  ...words('write', 'insert update upsert merge replace create alter comment grant revoke deny refresh analyze vacuum'),
  ...words('write', 'reindex cluster checkpoint lock unlock notify rename optimize repair undrop put import security'),
  ...words('write', 'reassign attach detach flashback restore cache uncache msck signal constraints audit noaudit'),
  ...words('export', 'unload export get backup'),
  ...words('delete', 'delete drop truncate purge remove rm'),
]);

/** Words that begin a statement also inside another one: in a block, a CTE, or where no separator is needed. */
export const INNER_WORDS: ReadonlyMap<string, SqlOperation> = new Map([
  ...words('delete', 'delete drop truncate purge'),
  ...words('execute', 'call exec execute do shutdown kill'),
  ...words('export', 'unload outfile dumpfile'),
  ...words('write', 'insert update merge upsert create alter grant revoke into restore bulk'),
]);

/** A word that begins no statement beside another word: `FOR UPDATE` locks rows, `ON DELETE CASCADE` defines a key. */
export const NO_STATEMENT: Readonly<Record<string, { readonly before?: RegExp; readonly after?: RegExp }>> = {
  update: { before: /^(?:for|key)$/ },
  do: { after: /^(?:nothing|update|instead|also)$/ },
};

/** Settings that change who runs what follows, how it is read, or the server itself. */
export const SET_WORDS: ReadonlySet<string> = new Set(
  (
    'role session_authorization authorization global persist persist_only password standard_conforming_strings ' +
    'escape_string_warning sql_mode backslash_quote session_replication_role row_security local_preload_libraries ' +
    'session_preload_libraries dynamic_library_path quoted_identifier'
  ).split(' '),
);

/** Functions and tables that reach files, other servers, other sessions or the host. */
export const FUNCTIONS: ReadonlyMap<string, SqlOperation> = new Map([
  ...words(
    'execute',
    'pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_promote pg_switch_wal pg_stop_backup ' +
      'dblink dblink_exec dblink_connect dblink_send_query lo_import lo_export lo_from_bytea pg_execute_server_program ' +
      'pg_file_write pg_file_rename pg_file_unlink query_to_xml query_to_json query_to_xml_and_xmlschema cursor_to_xml ' +
      'database_to_xml set_config pg_create_logical_replication_slot pg_drop_replication_slot pg_replication_origin_create ' +
      'xp_cmdshell xp_dirtree xp_fileexist xp_regread xp_regwrite sp_executesql sp_oacreate sp_configure openrowset ' +
      'openquery opendatasource sys_exec sys_eval load_extension edit fts3_tokenizer utl_http utl_file utl_tcp utl_smtp ' +
      'httpuritype dbms_scheduler dbms_job dbms_java dbms_xslprocessor dbms_sql dbms_ldap executable',
  ),
  ...words(
    'export',
    'pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file load_file readfile url s3 remote remotesecure hdfs mysql jdbc',
  ),
  ...words(
    'write',
    'writefile setval pg_advisory_lock pg_logical_emit_message pg_notify lo_put lo_create lo_unlink lowrite',
  ),
]);

/** Commands of psql, mysql and sqlite that only show something or end the client. */
export const HARMLESS_CLIENT_COMMANDS =
  /^(?:\\(?:d[a-z]*\+?|l\+?|z|x|q|h|\?|timing|conninfo|echo|pset|t|a|encoding|sf\+?|sv\+?|p|r|warn|qecho|set|unset)|\.(?:tables|schema|headers|mode|quit|exit|help|databases|indexes|indices|width|timer|stats|show|print|nullvalue|separator))$/;
