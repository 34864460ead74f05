_normwatch__toolchain() {
    local i cur prev opts cmd
    COMPREPLY=()
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        cur="$2"
    else
        cur="${COMP_WORDS[COMP_CWORD]}"
    fi
    prev="$3"
    cmd=""
    opts=""

    for i in "${COMP_WORDS[@]:0:COMP_CWORD}"
    do
        case "${cmd},${i}" in
            ",$1")
                cmd="normwatch__toolchain"
                ;;
            normwatch__toolchain,calibrate)
                cmd="normwatch__toolchain__subcmd__calibrate"
                ;;
            normwatch__toolchain,eval)
                cmd="normwatch__toolchain__subcmd__eval"
                ;;
            normwatch__toolchain,export)
                cmd="normwatch__toolchain__subcmd__export"
                ;;
            normwatch__toolchain,help)
                cmd="normwatch__toolchain__subcmd__help"
                ;;
            normwatch__toolchain,import)
                cmd="normwatch__toolchain__subcmd__import"
                ;;
            normwatch__toolchain,quantize)
                cmd="normwatch__toolchain__subcmd__quantize"
                ;;
            normwatch__toolchain,scene)
                cmd="normwatch__toolchain__subcmd__scene"
                ;;
            normwatch__toolchain,scenes)
                cmd="normwatch__toolchain__subcmd__scenes"
                ;;
            normwatch__toolchain,sign)
                cmd="normwatch__toolchain__subcmd__sign"
                ;;
            normwatch__toolchain,train)
                cmd="normwatch__toolchain__subcmd__train"
                ;;
            normwatch__toolchain,verify)
                cmd="normwatch__toolchain__subcmd__verify"
                ;;
            normwatch__toolchain__subcmd__help,calibrate)
                cmd="normwatch__toolchain__subcmd__help__subcmd__calibrate"
                ;;
            normwatch__toolchain__subcmd__help,eval)
                cmd="normwatch__toolchain__subcmd__help__subcmd__eval"
                ;;
            normwatch__toolchain__subcmd__help,export)
                cmd="normwatch__toolchain__subcmd__help__subcmd__export"
                ;;
            normwatch__toolchain__subcmd__help,help)
                cmd="normwatch__toolchain__subcmd__help__subcmd__help"
                ;;
            normwatch__toolchain__subcmd__help,import)
                cmd="normwatch__toolchain__subcmd__help__subcmd__import"
                ;;
            normwatch__toolchain__subcmd__help,quantize)
                cmd="normwatch__toolchain__subcmd__help__subcmd__quantize"
                ;;
            normwatch__toolchain__subcmd__help,scene)
                cmd="normwatch__toolchain__subcmd__help__subcmd__scene"
                ;;
            normwatch__toolchain__subcmd__help,scenes)
                cmd="normwatch__toolchain__subcmd__help__subcmd__scenes"
                ;;
            normwatch__toolchain__subcmd__help,sign)
                cmd="normwatch__toolchain__subcmd__help__subcmd__sign"
                ;;
            normwatch__toolchain__subcmd__help,train)
                cmd="normwatch__toolchain__subcmd__help__subcmd__train"
                ;;
            normwatch__toolchain__subcmd__help,verify)
                cmd="normwatch__toolchain__subcmd__help__subcmd__verify"
                ;;
            *)
                ;;
        esac
    done

    case "${cmd}" in
        normwatch__toolchain)
            opts="-h -V --help --version train export import quantize verify calibrate eval scenes sign scene help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 1 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__calibrate)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__eval)
            opts="-h --dataset --protocol --update --lambda --alarms-per-day --calibration --perturb --no-stabilise --motion-gate --seed --fps --json --report --html --jobs --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --dataset)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --protocol)
                    COMPREPLY=($(compgen -W "paper deployed both" -- "${cur}"))
                    return 0
                    ;;
                --update)
                    COMPREPLY=($(compgen -W "frozen released paper" -- "${cur}"))
                    return 0
                    ;;
                --lambda)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --alarms-per-day)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --calibration)
                    COMPREPLY=($(compgen -W "training bundle" -- "${cur}"))
                    return 0
                    ;;
                --perturb)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --motion-gate)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --seed)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --fps)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --report)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --html)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --jobs)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__export)
            opts="-h --out --name --licence --grey --block-px --texture-floor --motion-factor --smoothing-ms --memory-weight --json --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --name)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --licence)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --block-px)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --texture-floor)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --motion-factor)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --smoothing-ms)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --memory-weight)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help)
            opts="train export import quantize verify calibrate eval scenes sign scene help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__calibrate)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__eval)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__export)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__help)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__import)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__quantize)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__scene)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__scenes)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__sign)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__train)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__help__subcmd__verify)
            opts=""
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__import)
            opts="-h --pytorch --keys --out --side-px --fps --training-data --json --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --pytorch)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --keys)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --side-px)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --fps)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --training-data)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__quantize)
            opts="-h --out --footage --to --weights --ranges --percentile --samples --no-equalisation --no-bias-correction --max-drift --float-layer --qdq --qdq-activations --json --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --footage)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --to)
                    COMPREPLY=($(compgen -W "int8 f16" -- "${cur}"))
                    return 0
                    ;;
                --weights)
                    COMPREPLY=($(compgen -W "per-channel per-tensor" -- "${cur}"))
                    return 0
                    ;;
                --ranges)
                    COMPREPLY=($(compgen -W "min-max percentile mse" -- "${cur}"))
                    return 0
                    ;;
                --percentile)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --samples)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --max-drift)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --float-layer)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --qdq)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --qdq-activations)
                    COMPREPLY=($(compgen -W "u8 i8" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__scene)
            opts="-h --out --like --seed --clips --first-clip --seconds --fps --width-px --height-px --anomaly --anomalies-per-clip --lead-in-s --density --noise-sigma --light-drift --shake-px --camera --light --light-ramp --sun-turn-deg --fog --rain --snow --moths --jpeg-quality --colour --format --force --json --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --like)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --seed)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --clips)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --first-clip)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --seconds)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --fps)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --width-px)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --height-px)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --anomaly)
                    COMPREPLY=($(compgen -W "cyclist cart running against-flow left-behind fall" -- "${cur}"))
                    return 0
                    ;;
                --anomalies-per-clip)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --lead-in-s)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --density)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --noise-sigma)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --light-drift)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --shake-px)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --camera)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --light)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --light-ramp)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sun-turn-deg)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --fog)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --rain)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --snow)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --moths)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --jpeg-quality)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --format)
                    COMPREPLY=($(compgen -W "jpg png" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__scenes)
            opts="-h --data --preset --minutes --out --only --fps --seed --precision --skip-training --json --jobs --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --data)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --preset)
                    COMPREPLY=($(compgen -W "paper paper-recon edge nano" -- "${cur}"))
                    return 0
                    ;;
                --minutes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --only)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --fps)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --seed)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --precision)
                    COMPREPLY=($(compgen -W "f32 int8" -- "${cur}"))
                    return 0
                    ;;
                --jobs)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__sign)
            opts="-h --key --network-alone --new-key --password-file --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --new-key)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --password-file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__train)
            opts="-h --footage --out --preset --backend --seed --json --checkpoint-minutes --width-px --height-px --channels --resize --frames --frame-spacing --fps --base-width --items --temperature --predicts --upsampling --relight --epochs --steps --minutes --batch --learning-rate --compact --separate --motion-weight --normaliser --held-out --ema-memory --flip --light-changes --pseudo-anomalies --skip-frames --contrast --teacher --teacher-weight --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --footage)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --preset)
                    COMPREPLY=($(compgen -W "paper paper-recon edge nano" -- "${cur}"))
                    return 0
                    ;;
                --backend)
                    COMPREPLY=($(compgen -W "cpu flex cuda wgpu" -- "${cur}"))
                    return 0
                    ;;
                --seed)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --checkpoint-minutes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --width-px)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --height-px)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --channels)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --resize)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --frames)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --frame-spacing)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --fps)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --base-width)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --items)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --temperature)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --predicts)
                    COMPREPLY=($(compgen -W "frame change" -- "${cur}"))
                    return 0
                    ;;
                --upsampling)
                    COMPREPLY=($(compgen -W "transposed nearest pixel-shuffle" -- "${cur}"))
                    return 0
                    ;;
                --relight)
                    COMPREPLY=($(compgen -W "true false" -- "${cur}"))
                    return 0
                    ;;
                --epochs)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --steps)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --minutes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --batch)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --learning-rate)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --compact)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --separate)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --motion-weight)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --normaliser)
                    COMPREPLY=($(compgen -W "released paper" -- "${cur}"))
                    return 0
                    ;;
                --held-out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --ema-memory)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --light-changes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --pseudo-anomalies)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --skip-frames)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --contrast)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --teacher)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --teacher-weight)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        normwatch__subcmd__toolchain__subcmd__verify)
            opts="-h --footage --samples --alarms-per-day --json --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --footage)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --samples)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --alarms-per-day)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
    esac
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _normwatch__toolchain -o nosort -o bashdefault -o default normwatch-toolchain
else
    complete -F _normwatch__toolchain -o bashdefault -o default normwatch-toolchain
fi
