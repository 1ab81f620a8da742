/*
 * fuzz.h
 *		What the targets share.
 */
#ifndef FUZZ_H
#define FUZZ_H

/* Whatever else the parser does, this holds. */
#define ALWAYS(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "not so: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

/* End a run. */
extern void free_all(void);

extern int	LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

#endif							/* FUZZ_H */
