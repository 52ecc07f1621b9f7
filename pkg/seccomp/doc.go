// Package seccomp compiles the section linux.seccomp of an OCI config to a classic BPF filter, as seccomp(2) takes it.
// It is pure: it loads nothing and asks nobody, and it can compile for architectures other than its own.
//
// Where the spec is silent, it answers as runc with libseccomp does:
//
//   - The native architecture is always part of the filter. A call of an architecture that is not part of it kills the
//     thread (SECCOMP_RET_KILL_THREAD); so does one with the x32 bit where x32 is not part.
//   - A rule with the action of the default, errno included, is dropped.
//   - Of several rules for one call, the first without conditions decides. Where all have conditions, the first whose
//     conditions all hold decides, in the order of the profile. libseccomp leaves the order of those open, and refuses two
//     rules with the same conditions and different actions.
//   - If two conditions of one rule are about the same argument, then each condition of the rule is a rule of its own.
//   - SCMP_CMP_MASKED_EQ compares argument and valueTwo, both masked with value.
//   - On an architecture of 32 bits, x32 among them, the lower halves of argument and value are compared.
//   - Where the default refuses (any but allow, log, trace), calls newer than the newest one that the profile names for
//     their architecture answer ENOSYS, so that a C library falls back on older ones. The numbers that arm and x32
//     keep for themselves do not count as new. On s390x so does call 0, which is what the kernel makes of a number it
//     does not know.
//
// On 386, mips, ppc, ppc64 and s390x, sockets and System V IPC can be reached through socketcall(2) and ipc(2) too, with
// the arguments behind a pointer, where no filter can look. A rule without conditions for bind therefore holds for
// socketcall's bind as well. A rule with conditions that is stricter than the default holds for socketcall's bind whatever its
// arguments are, and a laxer one does not hold for it at all. (libseccomp compares some of the conditions with the pointer.)
//
// A filter loads the architecture, then the number, and finds its way in a balanced tree. Up to the arguments it uses
// nothing that the kernel cannot evaluate ahead, so calls that are always allowed do not run it at all (since Linux
// 5.11, seccomp_cache_prepare).
package seccomp
