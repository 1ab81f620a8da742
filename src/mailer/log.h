/*
 * log.h
 *		The log on standard error; a line has time, level, event and details.
 */
#ifndef MAILER_LOG_H
#define MAILER_LOG_H

/*
 * Write an entry, like log_entry("error", "smtp", "reason=%s", quoted(text)).
 * event is a word; details are name=value pairs.  Never pass a body, a link or
 * an address.
 */
extern void log_entry(const char *level, const char *event, const char *details,...)
			__attribute__((format(printf, 3, 4)));

/*
 * A text as a quoted value without line ends or quotes inside; tokens in it,
 * and parts of them, are left out.  Valid until the second next call.
 */
extern const char *quoted(const char *text);

#endif							/* MAILER_LOG_H */
