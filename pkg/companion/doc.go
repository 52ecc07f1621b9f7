// Package companion is what urun and urun-monitor tell each other. urun finds the companion, starts it, and gives it its Order on a
// socket; the companion answers once, when it is ready or cannot be, and from then on they know nothing of each other. What the
// companion finds out it writes into the state directory (state.Report).
//
//	urun                                    urun-monitor
//	Start: fork, own session ───────────▶   waits for its order
//	Order ──────────────────────────────▶   opens what its duties need
//	      ◀───────────────────── "" or why  it is ready, or ends
//	goes its way                            does its duties until the container's first process has ended
//
// urun that ends before it has given an order, or before it has heard the answer, ends the companion too.
package companion
