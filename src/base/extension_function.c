/*
 * extension_function.c
 *		Functions of the extensions that tempcloud requires.
 *
 * An extension may have been installed into any schema and may be moved to another one,
 * so its functions are not found by their names.  Nor is it enough that a function is a
 * member of the extension: the extension's owner, who may be the owner of the database,
 * can add functions with any name and arguments to it.  Only a superuser can create a
 * function for a symbol in a C library.  Therefore a function is looked up as a member of
 * the extension that is in C and for this symbol of the extension's library.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/extension_function.h"

static Oid	find_member(const RequiredFunction *function);
static bool is_required(Oid candidate, const RequiredFunction *function);
static bool attribute_is(HeapTuple tuple, AttrNumber attribute, const char *expected);

/* Incremented whenever a function changes; 0 until the callback is registered. */
static uint64 changes = 0;

static void
note_change(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
}

/*
 * OIDs are kept until a function changes: a required extension cannot be dropped alone,
 * but all of them can be dropped and created again.
 */
Oid
tc_required(RequiredFunction *function)
{
	if (changes == 0)
	{
		CacheRegisterSyscacheCallback(PROCOID, note_change, (Datum) 0);
		changes = 1;
	}
	if (function->found_at != changes)
	{
		uint64		now = changes;

		function->oid = find_member(function);
		function->found_at = now;
	}
	return function->oid;
}

/* Uses the index of pg_depend on the referenced object. */
static Oid
find_member(const RequiredFunction *function)
{
	Oid			found = InvalidOid;
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(get_extension_oid(function->extension, false)));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, key);
	while (!OidIsValid(found) && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend member = (Form_pg_depend) GETSTRUCT(tuple);

		if (member->deptype == DEPENDENCY_EXTENSION && member->classid == ProcedureRelationId &&
			is_required(member->objid, function))
			found = member->objid;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	if (!OidIsValid(found))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("extension \"%s\" has no function of its symbol \"%s\"",
						function->extension, function->symbol)));
	return found;
}

/*
 * The library can be named with its folder, as in the extension's script, or be found in
 * dynamic_library_path.
 */
static bool
is_required(Oid candidate, const RequiredFunction *function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(candidate));
	Form_pg_proc proc;
	bool		required;

	if (!HeapTupleIsValid(tuple))
		return false;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	required = proc->prolang == ClanguageId &&
		proc->pronargs == function->nargs &&
		memcmp(proc->proargtypes.values, function->argtypes,
			   function->nargs * sizeof(Oid)) == 0 &&
		attribute_is(tuple, Anum_pg_proc_prosrc, function->symbol) &&
		(attribute_is(tuple, Anum_pg_proc_probin, psprintf("$libdir/%s", function->extension)) ||
		 attribute_is(tuple, Anum_pg_proc_probin, function->extension));
	ReleaseSysCache(tuple);
	return required;
}

static bool
attribute_is(HeapTuple tuple, AttrNumber attribute, const char *expected)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(PROCOID, tuple, attribute, &isnull);

	return !isnull && strcmp(TextDatumGetCString(value), expected) == 0;
}
