# tempcloud
#
#   make, make install, make installcheck   as with every PGXS extension
#   make demo, make check, make test        need nothing but make: they install
#                                           what is missing and use private servers
#   make indent, make lint                  lay out the sources, and check them

EXTENSION = tempcloud
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" tempcloud.control)

MODULE_big = $(EXTENSION)
OBJS = $(patsubst %.c,%.o,$(sort $(filter-out src/mailer/%,$(wildcard src/*.c src/*/*.c))))

# One file per subject, in the order in which they rest on each other.
SUBJECTS = role input_check uuid guard account contact account_leave caller invitation partnership \
	invitation_send invitation_many invitation_answer invitation_link request request_send request_answer request_assign \
	token mail mail_template event activity ledger worker maintenance privacy http comment planner privilege
INSTALL_SQL = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA = $(filter-out $(INSTALL_SQL),$(wildcard sql/$(EXTENSION)--*.sql))
DATA_built = $(INSTALL_SQL)
EXTRA_CLEAN = $(INSTALL_SQL) test/results test/tmp_check test/bin test/__pycache__ test/model/__pycache__

# PostgreSQL's own headers and macros have unused parameters, mixed signs and
# partial initialisers; clang does not know all of gcc's options that PGXS
# passes on.
PG_CFLAGS = -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers
ifneq (,$(findstring clang,$(CC)))
PG_CFLAGS += -Wno-ignored-optimization-argument -Wno-ignored-attributes -Wno-unknown-warning-option
endif

# The reference mailer, where libcurl is there to build it with.
MAILER = tempcloud-mailer
MAILER_SOURCES = $(sort $(wildcard src/mailer/*.c))
ifneq (,$(shell pkg-config --exists libcurl libpq 2>/dev/null && echo yes))
SCRIPTS_built = $(MAILER)
endif

# What the tests share is an extension of its own, test/helper. make installcheck puts it
# beside the one under test, make install does not.
HELPER = $(wildcard test/helper/*)
REQUIRED = $(shell sed -n "s/^requires = '\(.*\)'/\1/p" tempcloud.control | tr -d ,)

# setup makes what the other tests share, and goes first.
REGRESS = $(patsubst test/sql/%.sql,%,$(wildcard test/sql/setup.sql) \
	$(sort $(filter-out test/sql/setup.sql,$(wildcard test/sql/*.sql))))
REGRESS_OPTS = --inputdir=test --outputdir=test/results/regress \
	$(REQUIRED:%=--load-extension=%) --load-extension=tempcloud --load-extension=tempcloud_test
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=test/results/isolation $(REQUIRED:%=--load-extension=%)

# International domains in e-mail addresses
SHLIB_LINK = $(shell pkg-config --libs libidn2 2>/dev/null || echo -lidn2)
PG_CPPFLAGS = -I$(CURDIR)/src $(shell pkg-config --cflags libidn2 2>/dev/null)

# PGXS has a target check of its own, which only says that there is none.
PG_CONFIG ?= pg_config
ifeq (,$(filter check,$(MAKECMDGOALS)))
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
else
check:
	scripts/test regress isolation
endif

ifneq (,$(PGXS))
include $(PGXS)

$(OBJS): $(wildcard src/*/*.h)
$(OBJS:.o=.bc): $(wildcard src/*/*.h)
# The tests sign in once for many statements.
installcheck: export PGOPTIONS += -c tempcloud.allow_session_claims=on
installcheck: install-helper | test/results/regress test/results/isolation
test/results/%:
	mkdir -p $@

HELPER_INSTALLED = $(HELPER:test/helper/%=$(DESTDIR)$(datadir)/extension/%)
install-helper: $(HELPER_INSTALLED)
$(HELPER_INSTALLED): $(DESTDIR)$(datadir)/extension/%: test/helper/%
	$(INSTALL_DATA) $< $@
uninstall: uninstall-helper
uninstall-helper:
	rm -f $(HELPER_INSTALLED)
else
all install uninstall installcheck clean:
	@echo "No PGXS: install postgresql-server-dev, or set PG_CONFIG to that of the server." >&2
	@exit 1
endif

# In three parts: what stands below the line "-- After all tables" of its file, as views of
# several subjects, goes there.  GRANT statements, which begin a line and end one, go last,
# see sql/privilege.sql.
$(INSTALL_SQL): $(SUBJECTS:%=sql/%.sql) Makefile tempcloud.control
	printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit' > $@
	for part in tables others grants; do \
		for subject in $(SUBJECTS); do \
			echo; \
			awk -v wanted=$$part 'BEGIN {part = "tables"} /^-- After all tables$$/ {part = "others"} /^GRANT / {grant = 1} \
				(grant ? "grants" : part) == wanted; /;$$/ {grant = 0}' sql/$$subject.sql; \
		done; \
	done | cat -s >> $@

$(MAILER): $(MAILER_SOURCES) $(wildcard src/mailer/*.h) tempcloud.control
	$(CC) $(CFLAGS) $(MAILER_CFLAGS) -DTEMPCLOUD_VERSION='"$(EXTVERSION)"' $$(pkg-config --cflags libcurl libpq) \
		$(MAILER_SOURCES) -o $@ $(LDFLAGS) $$(pkg-config --libs libcurl libpq)

demo:
	scripts/demo

# The screens, on a private server, until Ctrl-C. make portal PORT=8000
portal:
	scripts/portal

# make check takes about a minute, and test ten and more.
test:
	scripts/test

# With each major of PostgreSQL, each in a Debian of its own: needs root and time.
test-matrix:
	scripts/test-matrix

# Debian packages, into build/deb
deb:
	scripts/deb

# Builds, installs, upgrades and removes these in new Debians: needs root and time.
test-deb:
	scripts/test-deb

# In Debians where the sanitizers run with its PostgreSQL, and whose PostgreSQL is the
# oldest and the newest, built with assertions: needs root and time.
sanitize:
	scripts/debian trixie scripts/sanitize asan valgrind
	scripts/debian bookworm scripts/sanitize assert
	scripts/debian forky scripts/sanitize assert

# Keep the script that installs this version, for updates from it: see docs/release.md.
release-script: $(INSTALL_SQL)
	mkdir -p test/release
	cp $< test/release

indent:
	scripts/indent

lint:
	scripts/lint

# By libFuzzer, which comes with clang
fuzz:
	scripts/fuzz 600

# What takes long: many crashes, many random queries, and ten minutes of random
# commands instead of seconds. make soak TEMPCLOUD_MODEL_SECONDS=3600: an hour
soak: export TEMPCLOUD_CRASHES ?= 50
soak: export TEMPCLOUD_CALLS ?= 1000000
soak: export TEMPCLOUD_QUERIES ?= 200000
soak: export TEMPCLOUD_MODEL_SECONDS ?= 600
soak: export TEMPCLOUD_PAIRS ?= all
soak: export TEMPCLOUD_FAILOVERS ?= 5
soak:
	TAP_TESTS='test/t/008_crash.pl test/t/014_model.pl test/t/017_memory.pl test/t/018_sqlsmith.pl test/t/023_pairs.pl test/t/036_failover.pl' scripts/test tap

# make bench BENCH_OPTS='--sides latency --plot ratios.svg': see bench/README.md
bench:
	scripts/bench $(BENCH_OPTS)

.PHONY: install-helper uninstall-helper release-script demo portal check test test-matrix deb test-deb sanitize indent lint fuzz soak bench
