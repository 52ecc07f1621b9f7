#include "textflag.h"

// func spawn(args *cloneArgs, c *Code) (pid int)
TEXT ·spawn(SB), NOSPLIT|NOFRAME, $0-24
	MOVD args+0(FP), R0
	MOVD c+8(FP), R19      // the child keeps it in the register: its stack is another
	MOVD $64, R1           // the size of cloneArgs
	MOVD $435, R8          // clone3(2)
	SVC
	CBZ  R0, child
	MOVD R0, pid+16(FP)
	RET

child:
	SUB  $32, RSP
	MOVD R19, 8(RSP)
	BL   ·run(SB)
	BRK                    // run does not return
