/** The whole header of every ticket, `{"alg":"HS256","typ":"JWT"}`: a verifier compares it as it stands, so no header is
 *  ever parsed. */
export const ticketHeader = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9'
