/** The slots that a server `s` offers, in SQL: none while it runs as many sessions as it may. */
export const freeSlots = 'case when s.sessions >= s.sessions_max then 0 else s.capacity - s.reserved end'
