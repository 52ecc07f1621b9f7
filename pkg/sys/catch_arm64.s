#include "textflag.h"

// The kernel calls a handler as C does: R0 the number of the signal, R1 its siginfo_t; all registers are restored behind it.

// caught writes the number of the signal to the pipe.
TEXT ·caught(SB), NOSPLIT|NOFRAME, $0
	SUB  $16, RSP
	MOVD R0, (RSP)
	MOVD ·caughtPipe(SB), R0
	MOVD RSP, R1             // the lowest byte of the number
	MOVD $1, R2
	MOVD $64, R8             // write(2)
	SVC
	ADD  $16, RSP
	RET                      // to the kernel's trampoline

// caughtUnlessFault does so if the signal was sent: si_code, at 8, is above 0 where the kernel speaks of a fault (sigaction(2)).
TEXT ·caughtUnlessFault(SB), NOSPLIT|NOFRAME, $0
	MOVW 8(R1), R3
	CMPW $0, R3
	BLE  sent
	MOVD ·runtimeHandler(SB), R3
	B    (R3)

sent:
	B ·caught(SB)

// func handlers() (caught, caughtUnlessFault uintptr)
TEXT ·handlers(SB), NOSPLIT, $0-16
	MOVD $·caught(SB), R0
	MOVD R0, caught+0(FP)
	MOVD $·caughtUnlessFault(SB), R0
	MOVD R0, caughtUnlessFault+8(FP)
	RET
