#include "textflag.h"

// rjenkins1 of (x, id, r) for eight ids at a time in the lanes of AVX2 registers, and for
// sixteen, where the second eight fill the time in which the first wait for each other.
// The steps are those of rjenkins3 in hash.go.

// LINE is a = (a - b - c) ^ (c SHIFT n).
#define LINE(SHIFT, n, a, b, c, t) \
	VPSUBD b, a, a  \
	VPSUBD c, a, a  \
	SHIFT  $n, c, t \
	VPXOR  t, a, a

#define MIX(a, b, c, t) \
	LINE(VPSRLD, 13, a, b, c, t) \
	LINE(VPSLLD, 8, b, c, a, t)  \
	LINE(VPSRLD, 13, c, a, b, t) \
	LINE(VPSRLD, 12, a, b, c, t) \
	LINE(VPSLLD, 16, b, c, a, t) \
	LINE(VPSRLD, 5, c, a, b, t)  \
	LINE(VPSRLD, 3, a, b, c, t)  \
	LINE(VPSLLD, 10, b, c, a, t) \
	LINE(VPSRLD, 15, c, a, b, t)

DATA constants<>+0(SB)/4, $231232
DATA constants<>+4(SB)/4, $1232
DATA constants<>+8(SB)/4, $1315423911
GLOBL constants<>(SB), RODATA, $12

// SETUP fills a, b, c, x0, y0, hash from the arguments in AX (ids), R8 (x), R9 (r), R10
// (seed ^ x ^ r).
#define SETUP(offset, a, b, c, x, y, h, X) \
	VMOVDQU      offset(AX), b           \
	VMOVD        R10, X                  \
	VPBROADCASTD X, h                    \
	VPXOR        b, h, h                 \
	VMOVD        R8, X                   \
	VPBROADCASTD X, a                    \
	VMOVD        R9, X                   \
	VPBROADCASTD X, c                    \
	VPBROADCASTD constants<>+0(SB), x    \
	VPBROADCASTD constants<>+4(SB), y

// func hash3x8AVX2(out, ids *[8]uint32, x, r uint32)
TEXT ·hash3x8AVX2(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ ids+8(FP), AX
	MOVL x+16(FP), R8
	MOVL r+20(FP), R9
	MOVL constants<>+8(SB), R10
	XORL R8, R10
	XORL R9, R10
	SETUP(0, Y0, Y1, Y2, Y3, Y4, Y5, X6)
	MIX(Y0, Y1, Y5, Y6)
	MIX(Y2, Y3, Y5, Y6)
	MIX(Y4, Y0, Y5, Y6)
	MIX(Y1, Y3, Y5, Y6)
	MIX(Y4, Y2, Y5, Y6)
	VMOVDQU Y5, (DI)
	VZEROUPPER
	RET

// func hash3x16AVX2(out, ids *[16]uint32, x, r uint32)
TEXT ·hash3x16AVX2(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ ids+8(FP), AX
	MOVL x+16(FP), R8
	MOVL r+20(FP), R9
	MOVL constants<>+8(SB), R10
	XORL R8, R10
	XORL R9, R10
	SETUP(0, Y0, Y1, Y2, Y3, Y4, Y5, X6)
	SETUP(32, Y7, Y8, Y9, Y10, Y11, Y12, X13)
	MIX(Y0, Y1, Y5, Y6)
	MIX(Y7, Y8, Y12, Y13)
	MIX(Y2, Y3, Y5, Y6)
	MIX(Y9, Y10, Y12, Y13)
	MIX(Y4, Y0, Y5, Y6)
	MIX(Y11, Y7, Y12, Y13)
	MIX(Y1, Y3, Y5, Y6)
	MIX(Y8, Y10, Y12, Y13)
	MIX(Y4, Y2, Y5, Y6)
	MIX(Y11, Y9, Y12, Y13)
	VMOVDQU Y5, (DI)
	VMOVDQU Y12, 32(DI)
	VZEROUPPER
	RET

// func hasAVX2() bool
// The processor has it (leaf 7), and the system keeps the wide registers (leaf 1, XCR0).
TEXT ·hasAVX2(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)
	XORL AX, AX
	CPUID
	CMPL AX, $7
	JLT  done
	MOVL $1, AX
	XORL CX, CX
	CPUID
	ANDL $(1<<27 | 1<<28), CX // OSXSAVE, AVX
	CMPL CX, $(1<<27 | 1<<28)
	JNE  done
	XORL CX, CX
	XGETBV
	ANDL $6, AX // XMM and YMM state
	CMPL AX, $6
	JNE  done
	MOVL $7, AX
	XORL CX, CX
	CPUID
	SHRL $5, BX
	ANDL $1, BX
	MOVB BX, ret+0(FP)
done:
	RET
