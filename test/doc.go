// Package test holds the end-to-end tests: the real urun binary, started by an ordinary user, against a root file
// system that is one static program (test/inside). Each test is named after a promise.
//
//	go test ./test                    builds urun and test/inside first
//	URUN=/path/to/urun                tests that binary
//	URUN_TEST_INSIDE=/path/to/inside  takes a built test program (where there is no Go toolchain)
//	URUN_REDIS_BUNDLE=/path           takes a prepared redis bundle instead of hack/redis-bundle.sh
//	URUN_TEST_SLOW=20                 waits that many times longer before anything counts as hung
//	URUN_TEST_AS_ROOT=1               lets root run the tests that hold for any caller (TestAnyCaller…)
package test
