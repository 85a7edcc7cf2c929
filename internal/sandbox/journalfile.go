package sandbox

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A journal is a line of JSON, the header, and then blocks: a length and a sum
// of four bytes each, little endian, and entries. A block is what was written
// and synced at once. Only the last one can be there in part, after a crash;
// nothing of it was answered, and it is cut off.

// journalVersion is of the file's structure; the format of what is packed in
// it is in the header.
const journalVersion = 2

// maxBlock bounds a block, in bytes: many times what can wait for a disk, and
// far less than a length that a torn write left behind may say.
const maxBlock = 256 << 20

// maxSuperseded is how many entries, as a multiple of the living, a journal
// may hold before it is rewritten when it is opened. Two keeps the file under
// three times what it must hold, and rewriting rare.
const maxSuperseded = 2

// someEntries is how many superseded ones are never worth rewriting a file.
const someEntries = 64

// rewrittenBlock is about how long blocks are in a file that is rewritten, in
// bytes: as much as is wanted in memory at once.
const rewrittenBlock = 1 << 20

type journalHeader struct {
	Version int     `json:"florin_sandbox_journal"`
	Format  *format `json:"format"`
}

func ownHeader() []byte { return append(marshal(journalHeader{journalVersion, currentFormat}), '\n') }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// block puts the length and the sum before entries.
func block(entries []byte) []byte {
	out := make([]byte, 0, 8+len(entries))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(entries)))
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(entries, castagnoli))
	return append(out, entries...)
}

// open reads the file, and leaves it ready to be appended to. A file that is
// mostly history, or in another format, is rewritten.
func (j *journal) open() ([]entry, error) {
	file, err := os.OpenFile(j.path, os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		kept, err := readLegacy(filepath.Dir(j.path))
		if err != nil {
			return nil, err
		}
		return kept, j.rewrite(kept)
	}
	if err != nil {
		return nil, fmt.Errorf("sandbox: open journal: %w", err)
	}
	read := &journalReader{in: bufio.NewReaderSize(file, 1<<20), newest: map[[3]string]entry{}}
	if err := read.all(); err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: %s: %w", j.path, err), file.Close())
	}
	kept := read.living()
	if read.foreign || read.entries > maxSuperseded*(len(kept)+someEntries) {
		return kept, errors.Join(file.Close(), j.rewrite(kept))
	}
	j.file = file
	if err := file.Truncate(read.good); err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: open journal: %w", err), file.Close())
	}
	_, err = file.Seek(read.good, io.SeekStart)
	return kept, err
}

// rewrite puts a new file with these entries in the place of the journal.
func (j *journal) rewrite(entries []entry) error {
	next, err := os.OpenFile(j.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = next.Write(ownHeader())
	}
	var buffer []byte
	for at, e := range entries {
		buffer = appendEntry(buffer, e.account, e)
		if err == nil && (len(buffer) > rewrittenBlock || at == len(entries)-1) {
			_, err = next.Write(block(buffer))
			buffer = buffer[:0]
		}
	}
	if err == nil {
		err = errors.Join(next.Sync(), os.Rename(j.path+".new", j.path), syncFolder(filepath.Dir(j.path)))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("sandbox: rewrite journal: %w", err), next.Close())
	}
	if j.file != nil {
		err = j.file.Close()
	}
	j.file = next
	return err
}

// syncFolder makes a rename last.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// journalReader reads a journal to its end, or to where a crash broke it off.
type journalReader struct {
	in      *bufio.Reader
	header  journalHeader
	foreign bool // the format is another than this program's
	good    int64
	entries int
	newest  map[[3]string]entry
}

func (r *journalReader) all() error {
	line, err := r.in.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &r.header) != nil || r.header.Version < 1 || r.header.Format == nil {
		return errors.New("this is no journal of a sandbox; move it away to begin anew")
	}
	if r.header.Version != journalVersion {
		return fmt.Errorf("the journal's version is %d, and this program reads %d: was it written by a newer one?", r.header.Version, journalVersion)
	}
	r.foreign = !bytes.Equal(line, ownHeader())
	r.header.Format.finish()
	r.good = int64(len(line))
	for {
		entries, err := r.block()
		if err != nil || entries == "" {
			return err
		}
		if err := r.apply(entries); err != nil {
			return err
		}
		r.good += 8 + int64(len(entries))
	}
}

// block is the entries of the next block, empty at the end. A block that is
// not whole ends the journal, if nothing comes after it.
func (r *journalReader) block() (string, error) {
	var head [8]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return "", ignoreEnd(err)
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length == 0 || length > maxBlock {
		return "", nil
	}
	entries := make([]byte, length)
	if _, err := io.ReadFull(r.in, entries); err != nil {
		return "", ignoreEnd(err)
	}
	if crc32.Checksum(entries, castagnoli) == binary.LittleEndian.Uint32(head[4:]) {
		return string(entries), nil
	}
	if _, err := r.in.Peek(1); err == nil {
		return "", fmt.Errorf("damaged at byte %d, and more follows: restore the file from a backup, or move it away to begin anew", r.good)
	}
	return "", nil
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// apply notes the entries of a block.
func (r *journalReader) apply(entries string) error {
	in := &reader{packed: entries, format: r.header.Format}
	account := ""
	for ; in.at < len(in.packed); r.entries++ {
		if own := in.text(); own != "" {
			account = own
		}
		e := entry{account: account, kind: in.text(), position: int(in.whole()), state: state(in.take(1)[0]), packed: packed{in.bytes(), in.bytes()}}
		key := [3]string{e.account, e.kind, r.header.Format.read(e.packed).id}
		if e.state == gone {
			delete(r.newest, key)
			continue
		}
		if r.foreign {
			var err error
			if e, err = r.translate(e, key[2]); err != nil {
				return err
			}
		}
		e.packed = packed{strings.Clone(e.packed.own), strings.Clone(e.packed.inside)} // the rest of the block is not kept
		r.newest[key] = e
	}
	return nil
}

// translate packs an entry of another format in this program's, by way of its
// JSON.
func (r *journalReader) translate(e entry, id string) (entry, error) {
	if e.kind == clockEntry {
		in := r.header.Format.read(e.packed)
		return packClock(in.text()), nil
	}
	k := declared[e.kind]
	if k == nil {
		return e, unknownKind(e.kind)
	}
	name := e.kind
	if e.state == deleted {
		name = deletedKind
	}
	from := r.header.Format.Layouts[name]
	if from == nil {
		return e, unknownKind(e.kind)
	}
	in := r.header.Format.read(e.packed)
	public := in.show(from.Public, nil)
	var private []byte
	if from.Private != nil {
		private = in.show(from.Private, nil)
	}
	rec, err := recordOf(k, e.state, public, private)
	if err != nil {
		return e, fmt.Errorf("%s %s: %w", e.kind, id, err)
	}
	rec.pack()
	e.packed = rec.packed
	return e, nil
}

func unknownKind(name string) error {
	return fmt.Errorf("unknown kind %q: was it written by a newer version?", name)
}

// living is the newest entry of every object that is not gone.
func (r *journalReader) living() []entry {
	out := make([]entry, 0, len(r.newest))
	for _, e := range r.newest {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b entry) int { return a.position - b.position })
	return out
}

// recordOf makes a record of an object's JSON.
func recordOf(k *kind, in state, public, private []byte) (*record, error) {
	rec := &record{kind: k, state: in, value: k.blank()}
	if in == deleted {
		rec.value = &deletedObject{}
	}
	if err := json.Unmarshal(public, rec.value); err != nil {
		return nil, err
	}
	if c, ok := rec.value.(concealed); ok && len(private) > 0 {
		if err := json.Unmarshal(private, c.private()); err != nil {
			return nil, err
		}
	}
	return rec, nil
}
