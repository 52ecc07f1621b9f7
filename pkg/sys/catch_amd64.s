#include "textflag.h"

// The kernel calls a handler as C does: DI the number of the signal, SI its siginfo_t; all registers are restored behind it.

// caught writes the number of the signal to the pipe.
TEXT ·caught(SB), NOSPLIT|NOFRAME, $0
	PUSHQ DI
	MOVQ  ·caughtPipe(SB), DI
	MOVQ  SP, SI              // the lowest byte of the number
	MOVL  $1, DX
	MOVL  $1, AX              // write(2)
	SYSCALL
	POPQ  DI
	RET                       // to sa_restorer

// caughtUnlessFault does so if the signal was sent: si_code, at 8, is above 0 where the kernel speaks of a fault (sigaction(2)).
TEXT ·caughtUnlessFault(SB), NOSPLIT|NOFRAME, $0
	CMPL 8(SI), $0
	JLE  sent
	MOVQ ·runtimeHandler(SB), AX
	JMP  AX

sent:
	JMP ·caught(SB)

// func handlers() (caught, caughtUnlessFault uintptr)
TEXT ·handlers(SB), NOSPLIT, $0-16
	LEAQ ·caught(SB), AX
	MOVQ AX, caught+0(FP)
	LEAQ ·caughtUnlessFault(SB), AX
	MOVQ AX, caughtUnlessFault+8(FP)
	RET
