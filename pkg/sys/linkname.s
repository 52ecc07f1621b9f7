// Empty on purpose: its presence lets fork_unsafe.go declare functions without bodies.
