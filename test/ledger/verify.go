// Verify what the ledger and its witness hand out, by code that is not ours:
// packages tlog and note, with which Go verifies its checksum database.
//
//	verify receipt [KEY]         a file as C2SP tlog-proof on standard input, of
//	                             which KEY has signed the head; prints what it
//	                             proves
//	verify consistency           on standard input an old checkpoint, a blank
//	                             line, a new one, a blank line, and the proof
//	verify note KEY              a note that a witness has signed (C2SP
//	                             tlog-cosignature), by package note, which leaves
//	                             that type of signature to us; prints its text
//	verify root                  leaves in base64, one a line; prints the root
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	size int64
	root tlog.Hash
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func parseHash(line string) tlog.Hash {
	hash, err := tlog.ParseHash(line)
	if err != nil {
		fail("not a hash: %q", line)
	}
	return hash
}

// The text of C2SP tlog-checkpoint, without signatures.
func parseCheckpoint(text string) head {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 3 || lines[0] == "" {
		fail("not a checkpoint: %q", text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		fail("not a size: %q", lines[1])
	}
	return head{size, parseHash(lines[2])}
}

func parseHashes(lines []string) []tlog.Hash {
	var hashes []tlog.Hash
	for _, line := range lines {
		hashes = append(hashes, parseHash(line))
	}
	return hashes
}

func receipt(input string, keys []string) {
	parts := strings.SplitN(input, "\n\n", 2)
	if len(parts) != 2 {
		fail("no blank line")
	}
	lines := strings.Split(parts[0], "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		fail("not a proof: %q", parts[0])
	}
	leaf, err := base64.StdEncoding.DecodeString(lines[1][len("extra "):])
	if err != nil {
		fail("extra: %v", err)
	}
	index, err := strconv.ParseInt(lines[2][len("index "):], 10, 64)
	if err != nil {
		fail("index: %v", err)
	}
	if len(keys) > 0 {
		parts[1] = signed(parts[1], keys[0])
	}
	tree := parseCheckpoint(parts[1])
	if err := tlog.CheckRecord(parseHashes(lines[3:]), tree.size, tree.root, index, tlog.RecordHash(leaf)); err != nil {
		fail("%v", err)
	}
	fmt.Print(string(leaf))
}

func consistency(input string) {
	parts := strings.SplitN(input, "\n\n", 3)
	if len(parts) != 3 {
		fail("three parts are needed")
	}
	var proof []string
	if text := strings.TrimSuffix(parts[2], "\n"); text != "" {
		proof = strings.Split(text, "\n")
	}
	old, new := parseCheckpoint(parts[0]), parseCheckpoint(parts[1])
	if old.size == new.size {
		if old.root != new.root || proof != nil {
			fail("two roots of one size")
		}
		return
	}
	if err := tlog.CheckTree(parseHashes(proof), new.size, new.root, old.size, old.root); err != nil {
		fail("%v", err)
	}
}

func root(input string) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	size := int64(0)
	for _, line := range strings.Fields(input) {
		leaf, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			fail("leaf: %v", err)
		}
		hashes, err := tlog.StoredHashes(size, leaf, reader)
		if err != nil {
			fail("%v", err)
		}
		stored = append(stored, hashes...)
		size++
	}
	hash, err := tlog.TreeHash(size, reader)
	if err != nil {
		fail("%v", err)
	}
	fmt.Println(hash)
}

// A witness's signature: Ed25519, of the text with a time before it.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(c.key, []byte(signed), signature[8:])
}

func parseCosigner(key string) (cosigner, error) {
	parts := strings.SplitN(key, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, fmt.Errorf("not a key: %q", key)
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 1+ed25519.PublicKeySize || material[0] != 4 {
		return cosigner{}, fmt.Errorf("not a key for cosignatures: %q", key)
	}
	sum := sha256.Sum256([]byte(parts[0] + "\n" + string(material)))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		return cosigner{}, fmt.Errorf("the id of the key is wrong: %q", key)
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), material[1:]}, nil
}

// The text of a note.
func signed(input, key string) string {
	verifier, err := parseCosigner(key)
	if err != nil {
		fail("%v", err)
	}
	opened, err := note.Open([]byte(input), note.VerifierList(verifier))
	if err != nil {
		fail("%v", err)
	}
	parseCheckpoint(opened.Text)
	return opened.Text
}

func main() {
	const usage = "usage: verify receipt [KEY]|consistency|root|note KEY"

	input, err := io.ReadAll(os.Stdin)
	if err != nil || len(os.Args) < 2 || (os.Args[1] == "note" && len(os.Args) < 3) {
		fail(usage)
	}
	switch os.Args[1] {
	case "note":
		fmt.Print(signed(string(input), os.Args[2]))
	case "receipt":
		receipt(string(input), os.Args[2:])
	case "consistency":
		consistency(string(input))
	case "root":
		root(string(input))
	default:
		fail(usage)
	}
}
