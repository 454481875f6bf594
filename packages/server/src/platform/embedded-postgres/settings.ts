/** Any name: Muster's own socket lies in a private folder, and on Windows the port is chosen anew at each start. */
export const SOCKET_PORT = 5432

/**
 * How the server is set up, given on its command line so that a newer Muster brings newer settings to old data.
 * Sized for a small machine: about 20 MB when idle.
 */
export function serverSettings(reached: { socketDir: string } | { loopbackPort: number }): Record<string, string> {
  return {
    ...('socketDir' in reached
      ? { listen_addresses: '', unix_socket_directories: reached.socketDir, port: String(SOCKET_PORT) }
      : { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(reached.loopbackPort) }),
    unix_socket_permissions: '0700',

    // What was acknowledged is on the disk.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',

    max_connections: '60',
    shared_buffers: '64MB',
    max_wal_size: '256MB',
    // Each worker is a process of some megabytes, and the data mostly fits into memory.
    io_method: 'sync',
    max_logical_replication_workers: '0',
    max_worker_processes: '4',
    max_parallel_workers_per_gather: '0',
    // Compiling a query costs more than any of Muster's queries takes.
    jit: 'off',

    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '',
    // Refused statements are answered to the caller, who logs them: here they would only repeat players' data.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
  }
}

export function asArguments(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
