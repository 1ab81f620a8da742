/*
 * compat.h
 *		What differs between PostgreSQL 15 to 19.
 *
 * The rest of the source is written for the newest major; this file adds what older ones
 * lack.
 */
#ifndef TC_COMPAT_H
#define TC_COMPAT_H

#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

#include "common/base64.h"
#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#ifndef FRONTEND
#include "utils/guc_tables.h"
#endif

#if PG_VERSION_NUM < 150000
#error "tempcloud needs PostgreSQL 15 or newer"
#endif

/* 16 moved the macros for varlena values out of postgres.h */
#if PG_VERSION_NUM >= 160000 && !defined(FRONTEND)
#include "varatt.h"
#endif

/* 18 puts it before the declaration */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* 19 has it in place of a comment */
#ifndef pg_fallthrough
#define pg_fallthrough __attribute__((fallthrough))
#endif

/* 19 lets the caller say more of a scan */
#if PG_VERSION_NUM >= 190000
#define tc_beginscan(relation, snapshot) table_beginscan(relation, snapshot, 0, NULL, SO_NONE)
#else
#define tc_beginscan(relation, snapshot) table_beginscan(relation, snapshot, 0, NULL)
#endif

/* 18 declares the binary side of base64 as uint8 */
#if PG_VERSION_NUM >= 180000
#define tc_b64_encode(src, len, dst, dstlen) \
	pg_b64_encode((const uint8 *) (src), (len), (dst), (dstlen))
#define tc_b64_decode(src, len, dst, dstlen) \
	pg_b64_decode((src), (len), (uint8 *) (dst), (dstlen))
#else
#define tc_b64_encode(src, len, dst, dstlen) \
	pg_b64_encode((const char *) (src), (len), (dst), (dstlen))
#define tc_b64_decode(src, len, dst, dstlen) \
	pg_b64_decode((src), (len), (char *) (dst), (dstlen))
#endif

/* 16 exports the look-up of a parameter, and keeps parameters in a hash table */
#ifndef FRONTEND
static inline struct config_generic *
tc_find_parameter(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return find_option(name, false, true, ERROR);
#else
	struct config_generic **sorted = get_guc_variables();
	int			low = 0;
	int			high = GetNumConfigOptions() - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			order = pg_strcasecmp(name, sorted[middle]->name);

		if (order == 0)
			return sorted[middle];
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
#endif
}
#endif

/* 18 has a name of its own for CHECK constraints, and ones that are not enforced */
#if PG_VERSION_NUM >= 180000
#define TC_RI_CHECKS		ri_CheckConstraintExprs
#define TC_IS_ENFORCED(check)	((check)->ccenforced)
#else
#define TC_RI_CHECKS		ri_ConstraintExprs
#define TC_IS_ENFORCED(check)	true
#endif

/* 17 lets the caller provide the lexer's memory; NULL asks it to allocate */
static inline JsonLexContext *
tc_json_lexer(char *json, int len, int encoding)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, json, len, encoding, true);
#else
	return makeJsonLexContextCstringLen(json, len, encoding, true);
#endif
}

/* 16 lets an action of the parser return an error */
#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType tc_json_result;
#define TC_JSON_CONTINUE	return JSON_SUCCESS
#else
typedef void tc_json_result;
#define TC_JSON_CONTINUE	return
#endif

/* 19 has one statement for CLUSTER and REPACK */
#if PG_VERSION_NUM >= 190000
#define TC_T_ClusterStmt	T_RepackStmt
#else
#define TC_T_ClusterStmt	T_ClusterStmt
#endif

#endif							/* TC_COMPAT_H */
