/** What PostgreSQL says, in the form in which its driver says it. */
const said = (code: string, text: string): Error => Object.assign(new Error(text), { code })

/** Whoever began anew would get past it. */
export const deadlock = (): Error => said('40P01', 'deadlock detected')
export const waitedTooLong = (): Error => said('57014', 'canceling statement due to statement timeout')
export const uniqueViolation = (constraint: string): Error =>
  said('23505', `duplicate key value violates unique constraint "${constraint}"`)
/** The row that another one belongs to is not there. */
export const foreignKeyViolation = (constraint: string): Error =>
  said('23503', `insert or update violates foreign key constraint "${constraint}"`)
export const notNullViolation = (column: string): Error =>
  said('23502', `null value in column "${column}" violates not-null constraint`)
/** One statement would change a row that it has just added or changed. */
export const changedTwice = (): Error => said('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time')
/** After an error nothing more is done, whoever caught it. */
export const failedBefore = (): Error =>
  said('25P02', 'current transaction is aborted, commands ignored until end of transaction block')
