#include "textflag.h"

// func spawn(args *cloneArgs, c *Code) (pid int)
TEXT ·spawn(SB), NOSPLIT|NOFRAME, $0-24
	MOVQ args+0(FP), DI
	MOVQ c+8(FP), R12      // the child keeps it in the register: its stack is another
	MOVL $64, SI           // the size of cloneArgs
	MOVL $435, AX          // clone3(2)
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, pid+16(FP)
	RET

child:
	SUBQ $16, SP
	MOVQ R12, 0(SP)
	CALL ·run(SB)
	INT  $3                // run does not return
