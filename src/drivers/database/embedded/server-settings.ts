export type ServerSettings = Readonly<Record<string, string>>;

/**
 * Given on the command line at every start, so that the data directory holds none of it. Small (about 30 MB in all), durable
 * (`fsync` and `synchronous_commit` are on), and reachable through the socket only.
 */
export function serverSettings(socketDirectory: string): ServerSettings {
  return {
    listen_addresses: '',
    unix_socket_directories: socketDirectory,
    unix_socket_permissions: '0700',
    ...memory,
    ...durability,
    ...logging,
    jit: 'off',
    timezone: 'UTC',
  };
}

const memory: ServerSettings = {
  max_connections: '50',
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  // No worker processes but one for autovacuum: statements here are short, and nothing replicates.
  io_method: 'sync',
  max_worker_processes: '1',
  max_parallel_workers: '0',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  max_wal_senders: '0',
  autovacuum_max_workers: '1',
};

const durability: ServerSettings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_wal_size: '256MB',
};

/** Starts, stops and crashes. Errors of statements are the client's to tell, and their details would put values into the log. */
const logging: ServerSettings = {
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
};

export function asArguments(settings: ServerSettings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
