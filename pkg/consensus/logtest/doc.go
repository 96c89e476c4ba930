// Package logtest is what a replicated log must do (protocol 17), for package consensus and for models of
// it alike. Whoever has a log writes a Cluster around it and plays the Scenarios; the Judge hears every
// event, and says what was not kept:
//
//   - There is one order: what a member has applied is a prefix of it, each command once.
//   - A proposal ends once. Committed: it is in the order, was applied here before, and its result is that
//     of the machine. Refused: it never will be. Unknown: either.
//   - A barrier that ends well covers everything that anybody was told Committed before it was asked for.
//   - Applied follows Applied without gaps, but after a restart or where a snapshot stands for entries.
//   - One member leads in a term. Announcements may be late, merged or missing.
//   - A restart keeps what was acknowledged. A majority that lives and speaks agrees again in seconds.
package logtest
