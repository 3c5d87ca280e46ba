/** Columns of `sys_user` that are read. */
export const USER_FIELDS = ['sys_id', 'user_name', 'email', 'active', 'title', 'department.name'];

/** Columns of `change_request` that are read. */
export const CHANGE_FIELDS = [
  'number',
  'state',
  'approval',
  'on_hold',
  'type',
  'assigned_to',
  'cmdb_ci',
  'cmdb_ci.name',
  'start_date',
  'end_date',
];
