/*
 * maintain.c
 *		Runs maintenance in SQL, one part at a time.
 */
#include "postgres.h"

#include "executor/spi.h"

#include "base/query.h"
#include "worker/maintain.h"

bool
tc_do_part(const char *statement)
{
	Rows		rows;
	bool		more;

	if (SPI_execute(statement, false, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "tempcloud statement failed: %s", statement);
	rows = (Rows)
	{
		.count = SPI_processed,.table = SPI_tuptable
	};
	more = tc_bool(rows, 0, 1);
	tc_free_rows(rows);
	return more;
}
