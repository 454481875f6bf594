/** The embedded PostgreSQL cannot run here, and its message says why and what to do: show it without a stack. */
export class EmbeddedPostgresRefusal extends Error {
  override readonly name = 'EmbeddedPostgresRefusal'
}
