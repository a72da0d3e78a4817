import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import { EXIT, VECTOR } from '../exit.js';
import { Interpreter } from '../interpreter.js';
import { INTERRUPT, type Machine } from '../machine.js';
import { CODE, DATA, hex, peek, RETURN, set, STACK, STACK_SIZE, start } from '../testing/run-code.js';
import { BothEngines, bothWith, expectSame, runAll } from './both-engines.test.helper.js';
import { runRandomCode } from './random-code.test.helper.js';

/** Each ends with a return to RETURN, a fault, or not at all. Addresses in comments are relative to CODE. */
const PROGRAMS: Readonly<Record<string, string>> = {
  // mov ecx,100; 1: add rax,rcx; adc rdx,rax; loop 1b; ret
  // mov ecx,9; 1: inc rax; cmp rax,rdx; jb 2f; sbb rdx,rcx; jo 2f; shr rdx,1; 2: mov [rdi],rax; dec ecx; jnz 1b; pushfq; pop rax; ret
  'flags that outlive their block':
    'b9 09 00 00 00 48 ff c0 48 39 d0 72 08 48 19 ca 70 03 48 d1 ea 48 89 07 ff c9 75 e9 9c 58 c3',
  // mov ecx,6; 1: test al,cl; jz 2f; xor rdx,rax; jmp 3f; 2: add eax,ecx; 3: setc dl; adc rbx,rax; neg ecx; not ecx; test ecx,ecx; jg 1b; ret
  'two ways through a loop':
    'b9 06 00 00 00 84 c8 74 05 48 31 c2 eb 02 01 c8 0f 92 c2 48 11 c3 f7 d9 f7 d1 85 c9 7f e7 c3',
  // mov [rdi],rax; mov [rdi+8],rcx; mov edx,[rdi+4]; mov [rdi+16],dl; push rdx; push rcx; pop rax; pop rbx; add [rdi+8],rax; ret
  'accesses a constant apart': '48 89 07 48 89 4f 08 8b 57 04 88 57 10 52 51 58 5b 48 01 47 08 c3',
  // mov ecx,3; 1: bt eax,ecx; jc 2f; shl eax,cl; 2: sete dl; rol eax,3; cmc; rcl edx,1; mov [rdi],edx; lea ecx,[rcx-1]; jrcxz 3f; jmp 1b; 3: ret
  'flags that only some instructions write':
    'b9 03 00 00 00 0f a3 c8 72 02 d3 e0 0f 94 c2 c1 c0 03 f5 d1 d2 89 17 8d 49 ff e3 02 eb e7 c3',
  // lea rsp,[rsp-256]; push rbp; mov rbp,rsp; sub rsp,16; mov [rsp],rax; push rcx; pop rdx; mov [rsp+8],rdx; mov rbx,[rbp-16]; leave; lea rsp,[rsp+256]; ret
  'a frame on the stack':
    '48 8d a4 24 00 ff ff ff 55 48 89 e5 48 83 ec 10 48 89 04 24 51 5a 48 89 54 24 08 48 8b 5d f0 c9 48 8d a4 24 00 01 00 00 c3',
  // xor ecx,ecx; cmp eax,eax; mov edx,1; shl edx,cl; sete al; ret
  'a shift by nothing': '31 c9 39 c0 ba 01 00 00 00 d3 e2 0f 94 c0 c3',
  'a loop': 'b9 64 00 00 00 48 01 c8 48 11 c2 e2 f8 c3',
  // mov ecx,20; 1: push rcx; call 2f; pop rcx; dec ecx; jnz 1b; ret; 2: mov [rdi+rcx*8],rcx; xor rax,rcx; ret
  'calls in a loop': 'b9 14 00 00 00 51 e8 06 00 00 00 59 ff c9 75 f5 c3 48 89 0c cf 48 31 c8 c3',
  // 1: push rax; call 1b
  'recursion to the guard page': '50 e8 fa ff ff ff',
  // 1: jmp 1b
  'an endless loop': 'eb fe',
  // lea rax,[rip+9]; mov ecx,3; jmp rax ... into the middle of an instruction: mov eax,0x909090c3
  'a jump into an instruction': '48 8d 05 06 00 00 00 48 83 c0 01 ff e0 b8 c3 90 90 90',
  // mov ecx,5; mov eax,7; rep stosb; mov ecx,0; rep stosq; lea rsi,[rdi-8]; mov ecx,9; std; rep movsb; cld; ret
  'string instructions':
    'b9 05 00 00 00 b8 07 00 00 00 f3 aa b9 00 00 00 00 f3 48 ab 48 8d 77 f8 b9 09 00 00 00 fd f3 a4 fc c3',
  // lea rdi,[rdi+0xffc]; mov rax,[rdi] : crosses into a page that is not there
  'a load that crosses into nothing': '48 8d bf fc 0f 00 00 48 8b 07 c3',
  // lea rsi,[rsp-0x1004]; and rsi,-4096; sub rsi,4; mov rax,[rsi]; mov [rsi],rax; add [rsi],rax; push [rsi]; pop [rsi-3]; ret
  'accesses across pages':
    '48 8d b4 24 fc ef ff ff 48 81 e6 00 f0 ff ff 48 83 ee 04 48 8b 06 48 89 06 48 01 06 ff 36 8f 46 fd c3',
  // mov [rdi],rax; mov rcx,[rdi+8]; mov byte [rip-17],0x90: code cannot be written
  'code that would write code': '48 89 07 48 8b 4f 08 c6 05 ef ff ff ff 90 c3',
  // call [rdi] with a target that is not canonical
  'a call to nowhere': '48 c7 07 01 00 00 00 c7 47 07 00 00 00 7f ff 17 c3',
  // pushfq; sti; nop; cli; sti; popfq; mov ecx,3; 1: sti; cli; loop 1b; tdcall; test rax,rax; jz 2f; ud2; 2: ret
  'interrupt flag and an environment call':
    '9c fb 90 fa fb 9d b9 03 00 00 00 fb fa e2 fc 66 0f 01 cc 48 85 c0 74 02 0f 0b c3',
  // mov eax,esi; and eax,3; lea rcx,[rip+18]; movsxd rax,[rcx+rax*4]; add rax,rcx; jmp rax; nop*2; table; cases: each ret
  'a switch table':
    '89 f0 83 e0 03 48 8d 0d 0b 00 00 00 48 63 04 81 48 01 c8 ff e0 90 90 10 00 00 00 16 00 00 00 1c 00 00 00 22 00 00 00 b8 01 00 00 00 c3 b8 02 00 00 00 c3 b8 03 00 00 00 c3 0f 0b',
  // 16-byte moves: movups xmm1,[rdi]; movaps [rdi+16],xmm1; pxor xmm1,xmm1; movups [rdi+1],xmm1; movaps [rdi+1],xmm1
  'vector moves': '0f 10 0f 0f 29 4f 10 66 0f ef c9 0f 11 4f 01 0f 29 4f 01 c3',
  // mov eax,1000; xor edx,edx; mov ecx,7; div ecx; idiv rcx; cqo; neg rax; idiv rcx; xor ecx,ecx; div rcx
  divisions: 'b8 e8 03 00 00 31 d2 b9 07 00 00 00 f7 f1 48 31 d2 48 f7 f9 48 f7 d8 48 99 48 f7 f9 31 c9 48 f7 f1',
};

const INTERRUPTS = [INTERRUPT.None, INTERRUPT.Maskable, INTERRUPT.Nmi] as const;

/** Twice without an interrupt, so that the pages are in the translation cache and the second time nothing but the code decides. */
function warm(machines: BothEngines): void {
  for (let i = 0; i < 3; i++) {
    machines.both(start);
    runAll(machines, [1000], 1000, 'warming up');
  }
}

describe.each(Object.entries(PROGRAMS))('%s', (_name, code) => {
  it('ends alike with every budget, in one run and in pieces', () => {
    const machines = bothWith(code);
    warm(machines);
    for (let budget = 0; budget <= 80; budget++) {
      machines.both(start);
      machines.run(budget, `budget ${budget}`);
      machines.both(start);
      runAll(machines, [Math.max(budget, 1)], 300, `pieces of ${budget}`);
    }
    expect(machines.translated.translatedEntries).toBeGreaterThan(80);
  });

  it('ends alike with an interrupt planned at every boundary', () => {
    const machines = bothWith(code);
    warm(machines);
    for (const kind of INTERRUPTS) {
      for (const flags of [2n, 0x202n]) {
        for (let at = 0; at < 70; at++) {
          machines.both((machine) => {
            start(machine);
            set(machine, 'rflags', flags);
            set(machine, 'rsi', BigInt(at));
            machine.planInterrupt(kind, at);
          });
          runAll(machines, [200], 200, `interrupt ${kind} at ${at}`);
        }
      }
    }
  });

  property.prop(
    [fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.boolean())],
    { numRuns: 30 },
  )('may change its engine between any two runs', (budgets, engines) => {
    const machines = bothWith(code);
    machines.both(start);
    let total = 0;
    for (const budget of [...budgets, ...budgets]) {
      machines.translated.engine = engines.next().value ? 'wasm' : 'interpreter';
      const exit = machines.run(budget, `budget ${budget}`);
      total += budget;
      if (exit === EXIT.Environment) machines.both((machine) => machine.completeEnvironment());
      else if (exit !== EXIT.Budget) break;
    }
    expect(machines.interpreted.instructionCount).toBeLessThanOrEqual(total + 2 * budgets.length);
  });
});

describe('what happens around translated code', () => {
  const LOOP = PROGRAMS['calls in a loop'];

  function settled(): BothEngines {
    const machines = bothWith(LOOP);
    warm(machines);
    machines.both(start);
    return machines;
  }

  it('the interpreter has nothing to do once code and pages are known', () => {
    const machines = settled();
    machines.interpreted.run(1000);
    const { translatedEntries } = machines.translated;
    const interpreter = vi.spyOn(Interpreter.prototype, 'run');
    try {
      expect(machines.translated.run(1000)).toBe(EXIT.External);
      expect(interpreter).not.toHaveBeenCalled();
    } finally {
      interpreter.mockRestore();
    }
    expectSame(machines.interpreted, machines.translated, 'translated alone');
    expect(machines.translated.translatedEntries).toBe(translatedEntries + 1);
  });

  it('new code in the same place is noticed, and undone by reset', () => {
    const machines = settled();
    // xor becomes or.
    const change = (machine: Machine): void => machine.pokeBytes(CODE + 22n, hex('09'));
    machines.both(change);
    for (let i = 0; i < 3; i++) {
      expect(machines.run(1000, 'changed')).toBe(EXIT.External);
      machines.both((machine) => {
        set(machine, 'rip', CODE);
        set(machine, 'rsp', STACK + BigInt(STACK_SIZE) - 16n);
      });
    }
    warm(machines);
  });

  it('a page that becomes read-only, or vanishes, is noticed', () => {
    const machines = settled();
    machines.both((machine) => machine.protect(DATA, 4096, { read: true, write: false, execute: false }));
    expect(machines.run(1000, 'read-only')).toBe(EXIT.Fault);
    expect(machines.translated.exitDetail).toBe(VECTOR.PF);
    warm(machines);
    const extra = DATA + 0x10000n;
    for (const mapped of [true, false, true]) {
      machines.both((machine) => {
        start(machine);
        if (mapped) machine.map(extra, 4096, { read: true, write: true, execute: false });
        set(machine, 'rdi', extra);
      });
      for (let i = 0; i < 2; i++) {
        expect(machines.run(1000, 'another page')).toBe(mapped ? EXIT.External : EXIT.Fault);
        machines.both((machine) => {
          set(machine, 'rip', CODE);
          set(machine, 'rsp', STACK + BigInt(STACK_SIZE) - 16n);
        });
      }
    }
  });

  it('a new external is noticed', () => {
    const machines = settled();
    machines.run(1000);
    machines.both((machine) => {
      machine.addExternal(CODE + 17n);
      start(machine);
    });
    expect(machines.run(1000, 'external')).toBe(EXIT.External);
    expect(machines.translated.exitDetail).toBe(1);
  });

  it('full event and undo buffers change nothing', () => {
    const machines = bothWith(LOOP, { memoryBytes: 1 << 16, eventCapacity: 40 });
    for (let i = 0; i < 4; i++) {
      // Other values each time: events that went astray would otherwise be there from the run before.
      machines.both((machine) => {
        start(machine);
        set(machine, 'rdi', DATA + BigInt(8 * i));
      });
      expect(machines.run(1000, 'few events')).toBe(EXIT.External);
    }
    // mov ecx,5000; 1: mov [rdi],rcx; loop 1b; ret - each store touches two aligned 8 bytes
    const many = bothWith('b9 88 13 00 00 48 89 0f e2 fb c3', { memoryBytes: 1 << 16, eventCapacity: 1 << 13 });
    for (let i = 0; i < 3; i++) {
      many.both((machine) => {
        start(machine);
        set(machine, 'rdi', DATA + BigInt(8 * i + 4));
      });
      expect(many.run(100_000, 'many stores')).toBe(EXIT.External);
      expect(peek(many.translated, DATA + BigInt(8 * i + 4))).toBe(1n);
      expect(many.translated.eventCount).toBeLessThan(1 << 13);
    }
  });

  it('a long run stays in translated code as long as its buffers have room', () => {
    // mov ecx,3000; 1: mov [rdi],rcx; loop 1b; ret
    const machines = bothWith('b9 b8 0b 00 00 48 89 0f e2 fb c3');
    for (let i = 0; i < 3; i++) {
      machines.both(start);
      machines.run(100_000, 'warming up');
    }
    machines.both(start);
    machines.interpreted.run(100_000);
    const interpreter = vi.spyOn(Interpreter.prototype, 'run');
    try {
      expect(machines.translated.run(100_000)).toBe(EXIT.External);
      expect(interpreter).not.toHaveBeenCalled();
    } finally {
      interpreter.mockRestore();
    }
    expectSame(machines.interpreted, machines.translated, 'a long run');
  });

  it('accesses a constant apart may lie anywhere', () => {
    const machines = new BothEngines().both((machine) => {
      const code = hex(PROGRAMS['accesses a constant apart']);
      machine.map(CODE, code.length, { read: true, write: false, execute: true }, code);
      machine.map(STACK, STACK_SIZE, { read: true, write: true, execute: false });
      machine.map(DATA, 3 * 4096, { read: true, write: true, execute: false });
      machine.addExternal(RETURN);
      machine.checkpoint();
    });
    const places = [DATA, DATA + 4096n, DATA + 2n * 4096n, DATA + 3n * 4096n, 0n, 1n << 47n, 1n << 63n, 1n << 64n];
    for (const protect of [false, true]) {
      for (const place of places) {
        for (let offset = -24n; offset <= 24n; offset++) {
          machines.both((machine) => {
            start(machine);
            set(machine, 'rdi', BigInt.asUintN(64, place + offset));
            if (offset % 3n === 0n) set(machine, 'rsp', STACK + BigInt(STACK_SIZE) - 16n - (offset & 7n));
            if (protect) machine.protect(DATA + 4096n, 4096, { read: true, write: false, execute: false });
          });
          machines.run(1000, `${place.toString(16)} + ${offset}`);
        }
      }
    }
    expect(machines.translated.translatedEntries).toBeGreaterThan(500);
  });

  it('where a range of accesses crosses pages, the exact translation goes on and the quick one comes back', () => {
    // mov ecx,1000; 1: mov rax,[rdi]; mov rdx,[rdi+8]; nop * 8; loop 1b; ret
    const machines = bothWith('b9 e8 03 00 00 48 8b 07 48 8b 57 08 90 90 90 90 90 90 90 90 e2 ef c3');
    machines.both((machine) => {
      machine.map(DATA + 4096n, 4096, { read: true, write: true, execute: false });
      machine.checkpoint();
    });
    const run = (): void => {
      machines.both((machine) => {
        start(machine);
        set(machine, 'rdi', DATA + 4096n - 8n);
      });
      expect(machines.run(100_000, 'two pages')).toBe(EXIT.External);
    };
    run();
    run();
    const interpreter = vi.spyOn(Interpreter.prototype, 'run');
    try {
      run();
      // The machine that only interprets takes one call; of the other's 11,000 instructions, one is interpreted for each time it is left.
      expect(interpreter.mock.calls.length).toBeGreaterThan(10);
      expect(interpreter.mock.calls.length).toBeLessThan(300);
    } finally {
      interpreter.mockRestore();
    }
  });

  it('pages that share a place in the translation cache take turns', () => {
    // 1: mov rax,[rdi]; add rdi,4096; loop 1b; ret - over more pages than the cache has entries
    const machines = new BothEngines({ memoryBytes: 6 << 20 }).both((machine) => {
      const code = hex('48 8b 07 48 81 c7 00 10 00 00 e2 f4 c3');
      machine.map(CODE, code.length, { read: true, write: false, execute: true }, code);
      machine.map(STACK, STACK_SIZE, { read: true, write: true, execute: false });
      machine.map(DATA, 1200 * 4096, { read: true, write: true, execute: false });
      machine.addExternal(RETURN);
      machine.checkpoint();
    });
    for (let i = 0; i < 4; i++) {
      machines.both((machine) => {
        start(machine);
        set(machine, 'rcx', 1200n);
      });
      expect(machines.run(10_000, 'many pages')).toBe(EXIT.External);
    }
  });

  it('a place is translated only when enough runs begin there', () => {
    const machines = bothWith(LOOP, { memoryBytes: 1 << 16, hotRuns: 5 });
    for (let i = 0; i < 5; i++) {
      machines.both(start);
      machines.run(1000);
    }
    expect(machines.translated.translatedEntries).toBe(0);
    machines.both(start);
    machines.run(1000);
    expect(machines.translated.translatedEntries).toBeGreaterThan(0);
  });

  it('a machine without linear memory cannot change its engine', () => {
    const { interpreted, translated } = settled();
    expect(interpreted.engine).toBe('interpreter');
    expect(translated.engine).toBe('wasm');
    expect(() => {
      interpreted.engine = 'wasm';
    }).toThrow('make it with');
  });
});

runRandomCode(40);
