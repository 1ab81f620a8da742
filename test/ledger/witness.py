"""Try the functions of examples/ledger-witness on known answers.

    witness.py WITNESS consistency VECTORS  the proofs of vectors.txt, and altered ones
    witness.py WITNESS inclusion VECTORS    likewise
    witness.py WITNESS key VERIFIER         the id of a witness's key
"""
import base64
import importlib.machinery
import importlib.util
import sys

def load(path):
    loader = importlib.machinery.SourceFileLoader('witness', path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('witness', loader))
    loader.exec_module(module)
    return module


def altered(old, old_root, new, new_root, proof):
    """As the verifier of Certificate Transparency is tested."""
    other = bytes(32)
    yield old + 1, old_root, new, new_root, proof
    yield old ^ 2, old_root, new, new_root, proof
    yield old, old_root, new * 2, new_root, proof
    yield old, old_root, new // 2, new_root, proof
    yield old, other, new, new_root, proof
    yield old, old_root, new, other, proof
    yield old, new_root, new, old_root, proof
    yield old, old_root, new, new_root, []
    yield old, old_root, new, new_root, proof[:-1]
    yield old, old_root, new, new_root, proof + [proof[-1]]
    yield old, old_root, new, new_root, proof[:1] + proof
    for i in range(len(proof)):
        yield old, old_root, new, new_root, proof[:i] + [other] + proof[i + 1:]


def consistency(witness, path):
    with open(path, encoding='utf-8') as file:
        lines = [line.split() for line in file if not line.startswith('#')]
    roots = {int(line[1]): bytes.fromhex(line[2]) for line in lines if line[0] == 'root'}
    good = refused = 0
    for line in lines:
        if line[0] != 'consistency':
            continue
        old, new, proof = int(line[1]), int(line[2]), [bytes.fromhex(hash) for hash in line[3:]]
        proven = (old, roots[old], new, roots[new], proof)
        witness.verify_consistency(*proven)
        good += 1
        for wrong in altered(*proven) if proof else ():
            try:
                witness.verify_consistency(*wrong)
                sys.exit(f'accepted: {wrong}')
            except witness.Alarm:
                refused += 1
    print(f'{good} good, {refused} refused')


def inclusion(witness, path):
    with open(path, encoding='utf-8') as file:
        lines = [line.split() for line in file if not line.startswith('#')]
    roots = {int(line[1]): bytes.fromhex(line[2]) for line in lines if line[0] == 'root'}
    leaves = [bytes.fromhex(''.join(line[1:])) for line in lines if line[0] == 'leaf']
    good = refused = 0
    for line in lines:
        if line[0] != 'inclusion':
            continue
        index, size, proof = int(line[1]), int(line[2]), [bytes.fromhex(hash) for hash in line[3:]]
        if not witness.is_included(leaves[index], index, size, roots[size], proof):
            sys.exit(f'refused: {line}')
        good += 1
        for wrong in altered_inclusion(leaves[index], index, size, roots[size], proof):
            if witness.is_included(*wrong):
                sys.exit(f'accepted: {wrong}')
            refused += 1
    print(f'{good} good, {refused} refused')


def altered_inclusion(leaf, index, size, root, proof):
    """As the verifier of Certificate Transparency is tested."""
    other = bytes(32)
    yield leaf, index - 1, size, root, proof
    yield leaf, index + 1, size, root, proof
    yield leaf, index ^ 2, size, root, proof
    yield leaf, index, size * 2, root, proof
    yield leaf, index, size // 2, root, proof
    yield leaf + b'x', index, size, root, proof
    yield leaf, index, size, other, proof
    yield leaf, index, size, root, proof + [other]
    yield leaf, index, size, root, proof + [root]
    yield leaf, index, size, root, [other] + proof
    if proof:
        yield leaf, index, size, root, []
        yield leaf, index, size, root, proof[:-1]
        yield leaf, index, size, root, proof[1:]
    for i in range(len(proof)):
        yield leaf, index, size, root, proof[:i] + [other] + proof[i + 1:]


def key(witness, verifier):
    name, key_id, material = verifier.split('+')
    public = base64.b64decode(material)[1:]
    print('same' if witness.key_id(name, public).hex() == key_id else 'another')


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    {'consistency': consistency, 'inclusion': inclusion, 'key': key}[sys.argv[2]](load(sys.argv[1]), *sys.argv[3:])
