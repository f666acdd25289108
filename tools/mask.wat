;; The SIMD code of src/protocol/simd-mask.ts. `npm run mask` assembles it into
;; src/protocol/mask-module.ts.
;;
;; Memory: 16 KiB of scratch at 0, then read buffers (see simd-mask.ts). 16 pages are 1 MiB. Pages
;; that are never touched cost no memory.
(module
  (memory (export "memory") 16 16)

  ;; Copies `length` bytes from `from` to `to`, and XORs them with the four bytes of `key`, the
  ;; lowest byte first. The regions are equal or do not overlap.
  ;;
  ;; Returns 1 if all bytes written are ASCII, else 0.
  (func (export "mask")
    (param $from i32) (param $to i32) (param $length i32) (param $key i32)
    (result i32)
    (local $end i32)
    (local $keys v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    ;; All bytes written so far, combined by OR: in blocks, and in words and single bytes.
    (local $seen v128) (local $bits i32) (local $word i32)

    ;; 64 bytes at a time.
    (local.set $keys (i32x4.splat (local.get $key)))
    (local.set $end
      (i32.add (local.get $from) (i32.and (local.get $length) (i32.const -64))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $from) (local.get $end)))
        (v128.store (local.get $to)
          (local.tee $a (v128.xor (v128.load (local.get $from)) (local.get $keys))))
        (v128.store offset=16 (local.get $to)
          (local.tee $b (v128.xor (v128.load offset=16 (local.get $from)) (local.get $keys))))
        (v128.store offset=32 (local.get $to)
          (local.tee $c (v128.xor (v128.load offset=32 (local.get $from)) (local.get $keys))))
        (v128.store offset=48 (local.get $to)
          (local.tee $d (v128.xor (v128.load offset=48 (local.get $from)) (local.get $keys))))
        (local.set $seen
          (v128.or (local.get $seen)
            (v128.or
              (v128.or (local.get $a) (local.get $b))
              (v128.or (local.get $c) (local.get $d)))))
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (local.set $to (i32.add (local.get $to) (i32.const 64)))
        (br $next)))

    ;; Up to 15 words of 4 bytes.
    (local.set $end
      (i32.add (local.get $from) (i32.and (local.get $length) (i32.const 60))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $from) (local.get $end)))
        (i32.store (local.get $to)
          (local.tee $word (i32.xor (i32.load (local.get $from)) (local.get $key))))
        (local.set $bits (i32.or (local.get $bits) (local.get $word)))
        (local.set $from (i32.add (local.get $from) (i32.const 4)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (br $next)))

    ;; Up to 3 bytes.
    (local.set $end
      (i32.add (local.get $from) (i32.and (local.get $length) (i32.const 3))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $from) (local.get $end)))
        (local.set $word
          (i32.and
            (i32.xor (i32.load8_u (local.get $from)) (local.get $key))
            (i32.const 0xff)))
        (i32.store8 (local.get $to) (local.get $word))
        (local.set $bits (i32.or (local.get $bits) (local.get $word)))
        (local.set $key (i32.shr_u (local.get $key) (i32.const 8)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (br $next)))

    ;; ASCII: the top bit of no byte is set.
    (i32.eqz
      (i32.or
        (i8x16.bitmask (local.get $seen))
        (i32.and (local.get $bits) (i32.const 0x80808080))))))
