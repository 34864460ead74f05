# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_normwatch_global_optspecs
    string join \n v/verbose q/quiet h/help V/version
end

function __fish_normwatch_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_normwatch_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_normwatch_using_subcommand
    set -l cmd (__fish_normwatch_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c normwatch -n "__fish_normwatch_needs_command" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_needs_command" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_needs_command" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_needs_command" -s V -l version -d 'Print version'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "demo" -d 'Plays the bundled clip through the bundled model on a simulated line and writes an HTML report'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "setup" -d 'Asks about board, camera and lines, tries each, and writes the site file'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "run" -d 'Watches a camera as a site file says, until it is stopped'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "record" -d 'Records footage of a site\'s camera, ready for training'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "learn" -d 'Learns a site\'s camera on this board: observes it, trains a network (package normwatch-toolchain), proves it, and finds its levels'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "bundle" -d 'Lists the bundles that this board has learnt, and says which of them watches'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "normal" -d 'Says that an alarm was normal: its like is not raised again, and learnt'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "missed" -d 'Says that an alarm was missed: its time is not learnt as normal'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "replay" -d 'Plays recorded footage through the same pipeline, without waiting'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "calibrate" -d 'Learns from normal footage which scores are usual'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "events" -d 'Shows what happened, with pictures and reasons'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "check" -d 'Checks a site file and the board file that it names'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "notify" -d 'Lists who is told of events, and tries whether it arrives'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "guard-lines" -d 'Started by `run` beside itself: drives the lines to their safe levels when `run` has died without saying so on this process\'s standard input'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "doctor" -d 'Looks at the machine and says what is in the way'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "bench" -d 'Measures the time of every stage with a bundle on this machine'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "train" -d 'Trains a network on normal footage (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "export" -d 'Makes a bundle of what was trained (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "import" -d 'Takes over a PyTorch checkpoint (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "quantize" -d 'Makes an int8 or f16 bundle of an f32 one (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "verify" -d 'Proves that bundles compute what they should (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "eval" -d 'Measures bundles on labelled footage (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "scenes" -d 'Trains and judges on every scene of a folder (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "sign" -d 'Signs a bundle, so that boards take it from you alone (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "scene" -d 'Renders synthetic footage of a walkway (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -l out -d 'Where report.html, events.jsonl and the folder of events go' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -l bundle -d 'Another bundle [default: models/walkway-edge]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -l clip -d 'Another clip, with labels.json beside its frames [default: models/walkway-clip]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -l alarms-per-day -d 'False alarms a day that are accepted' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -l speed -d 'Times real time, in a terminal or on the page; 0 plays as fast as the machine can [default: 2, and 1 with --page]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -l page -d 'Show it on a page on this machine, and let the page stay until Ctrl-C'
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -l json -d 'Show nothing, play as fast as the machine can, and print what came of it as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand demo" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -l config -d 'The site file to make; another name than `site` is for a further camera' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -l answers -d 'Take the answers from a TOML file, without a terminal' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -l still -d 'Where to put the still of the camera, a JPEG' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -l force -d 'Replace a site file that is there without asking; the old one is kept beside it'
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -l dry-run -d 'Print the site file on standard output instead of writing it'
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand setup" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -l config -d 'The site file' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -l for-s -d 'Stop by itself after this time' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -l fault-injection -d 'For tests of boards: hang (`stall-inference:N`) or panic (`panic-inference:N`) after N judged frames, or wait N seconds in the last moment of a reload (`linger-reload:N`)' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -l reload-on-sighup -d 'SIGHUP reads the site file, and what it names, again: a service\'s reload. If they are as they must be, the watch begins again with them, and the lines are safe for that moment; it stays armed or disarmed, and a latched alarm ends. If not, it goes on as it was'
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -l json -d 'Print what the run came to as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand run" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l config -d 'The site file, for its camera and bundle' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l out -d 'A new or empty folder, or a former recording to go on with' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l size-limit-mb -d 'Size that the folder may reach, in millions of bytes' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l minutes -d 'Stop after this time' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l fps -d 'Frames a second, instead of the bundle\'s' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l width-px -d 'Width of the pictures, instead of the bundle\'s' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l height-px -d 'Height of the pictures, instead of the bundle\'s' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l colour -d 'Keep the colours, also where the bundle takes none'
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l jpeg -d 'Store as JPEG instead of PNG'
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -l json -d 'Print what the recording came to as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand record" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l config -d 'The site file, for its camera and its `[learn]`' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l observe -d 'Observe for so long, as 90s, 30m, 24h or 2d, instead of `observe_h` in `[learn]`' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l settle -d 'Settle for so long, instead of `settle_h` in `[learn]`' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l from -d 'Recorded normal footage to learn from, instead of observing the camera' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l until -d 'End once this phase is done' -r -f -a "observe\t''
train\t''
prove\t''
settle\t''"
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l train-steps -d 'For tests: train for so many steps instead of minutes' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l status -d 'Say how far the learning is, and what would go wrong; change nothing'
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l json -d 'Print how far the learning is as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l accept-calm -d 'Learn also where nothing moves, or where it is always the same'
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -l again -d 'Begin the next generation where the last one is done; its store of pictures is gone on with'
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand learn" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -f -a "list" -d 'Lists them, oldest first'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -f -a "use" -d 'Lets the newest one watch, or the one of this number'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -f -a "rollback" -d 'Goes back to the one before the current one'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -f -a "pin" -d 'Lets one watch, and keeps it: no learning replaces or removes it'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and not __fish_seen_subcommand_from list use rollback pin help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from list" -l config -d 'The site file, for its [learn]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from list" -l json -d 'Print them as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from use" -l config -d 'The site file, for its [learn]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from use" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from rollback" -l config -d 'The site file, for its [learn]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from rollback" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from rollback" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from pin" -l config -d 'The site file, for its [learn]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from pin" -l release -d 'Let go of the one that is pinned; it goes on watching'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from pin" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from pin" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from pin" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "list" -d 'Lists them, oldest first'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "use" -d 'Lets the newest one watch, or the one of this number'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "rollback" -d 'Goes back to the one before the current one'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "pin" -d 'Lets one watch, and keeps it: no learning replaces or removes it'
complete -c normwatch -n "__fish_normwatch_using_subcommand bundle; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -l revoke -d 'Take back the entry of this number, or `all`' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -l config -d 'The site file whose events they are' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -l last -d 'The newest event was'
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -l list -d 'List what is known as normal; change nothing'
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand normal" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -l minutes -d 'How many minutes back it may have been' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -l revoke -d 'Take back the time of this number, or `all`' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -l config -d 'The site file, for its [learn]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -l list -d 'List the times; change nothing'
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand missed" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l bundle -d 'The model bundle' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l frames -d 'The footage: a folder of images, a folder of such folders, a data set with a `frames` folder, or a video file' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l labels -d 'The truth, {"clip": [0, 1, …]}: adds AUC and false alarms' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l clip -d 'Only these clips of the footage' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l out -d 'Where events.jsonl, scores.csv, summary.json, report.html and the folder of events go' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l calibration -d 'Another calibration than the bundle\'s own' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l config -d 'A site file whose masks, zones and way of watching are used: `[camera] stabilise`, `[load]`, `[stays]` and `[tamper]`. Its budget, alarm and outputs are not' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l alarms-per-day -d 'False alarms a day that are accepted' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l fps -d 'Frames a second of the footage [default: the model\'s]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l update -d 'Whether the memory learns while it watches' -r -f -a "frozen\t'It stays as it was trained'
released\t'Gated, normalised as in the released code'
paper\t'Gated, normalised as in the paper\'s eq. 5'"
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l motion-gate -d 'Let the network rest while no part of the picture changes by more than so many of 255 grey levels [default: the site file\'s, or never]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l speed -d 'Times real time, on the page; 0 plays as fast as the machine can [default: 1]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l page -d 'Show it in real time on a page on this machine, and let the page stay until Ctrl-C'
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -l json -d 'Print the summary as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l bundle -d 'The model bundle' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l frames -l footage -d 'Normal footage: a folder of images, a folder of such folders, or a video file. May be given more than once' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l fps -d 'Frames a second of the footage [default: the model\'s]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l config -d 'A site file whose masks, zones and alarm are used' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l out -d 'Where the calibration goes [default: into the bundle]' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l alarms-per-day -d 'The budget to derive the levels for' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l weight-block -d 'Weight of the worst block\'s error in the score' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l weight-memory -d 'Weight of the memory distance in the score [default: the bundle\'s, which is 0.25 for a network that was trained with --skip-frames, or else 0]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l weight-view -d 'Weight of the distance to the usual view, which counts where it exceeds the mean of the others; 0 leaves it out [default: 0.7 where the bundle has such a view]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l weight-motion -d 'Weight of the motion memory, which counts as the usual view does; 0 leaves it out [default: 0.5 where the bundle has such a memory]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l smoothing-ms -d 'Time constant of the score\'s smoothing [default: the bundle\'s]' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -l json -d 'Print the result as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand calibrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -l config -d 'The site file whose events they are' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -l folder -d 'The folder of events, instead of a site\'s' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -f -a "list" -d 'One line for each event, the oldest first'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -f -a "show" -d 'All figures of an event, as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -f -a "explain" -d 'Why it was told, in words'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -f -a "export" -d 'Puts events with all their files into a ZIP archive'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -f -a "review" -d 'Marks events as reviewed'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and not __fish_seen_subcommand_from list show explain export review help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -l kind -d 'Only events of this kind' -r -f -a "anomaly\t''
changed\t''
tampered\t''
blind\t''
fault\t''"
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -l config -d 'The site file whose events they are' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -l folder -d 'The folder of events, instead of a site\'s' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -l unreviewed -d 'Only events that nobody has reviewed'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from show" -l config -d 'The site file whose events they are' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from show" -l folder -d 'The folder of events, instead of a site\'s' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from show" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from explain" -l config -d 'The site file whose events they are' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from explain" -l folder -d 'The folder of events, instead of a site\'s' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from explain" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from export" -l out -d 'The archive, which must not exist yet' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from export" -l config -d 'The site file whose events they are' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from export" -l folder -d 'The folder of events, instead of a site\'s' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from export" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -l config -d 'The site file whose events they are' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -l folder -d 'The folder of events, instead of a site\'s' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -l normal -d 'What was seen is normal here: the alarm was false'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -l odd -d 'What was seen is not normal: the alarm was right'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -l json -d 'Print as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from review" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from help" -f -a "list" -d 'One line for each event, the oldest first'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from help" -f -a "show" -d 'All figures of an event, as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Why it was told, in words'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from help" -f -a "export" -d 'Puts events with all their files into a ZIP archive'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from help" -f -a "review" -d 'Marks events as reviewed'
complete -c normwatch -n "__fish_normwatch_using_subcommand events; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c normwatch -n "__fish_normwatch_using_subcommand check" -l config -d 'The site file' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand check" -l beside -d 'Another site file that is to run on this machine at the same time: both must not claim the same line, camera, port, log or watchdog. May be given again' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand check" -l config-only -d 'Look at the configuration alone, not at the bundle that it names'
complete -c normwatch -n "__fish_normwatch_using_subcommand check" -l json -d 'Print the result as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand check" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand check" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand check" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand notify" -l config -d 'The site file' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand notify" -l test -d 'Tell each of an event that says of itself that it is a test'
complete -c normwatch -n "__fish_normwatch_using_subcommand notify" -l json -d 'Print the result as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand notify" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand notify" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand notify" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand guard-lines" -l line -d 'CHIP:OFFSET:LEVEL, for instance `/dev/gpiochip0:17:low`' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand guard-lines" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand guard-lines" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand guard-lines" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand doctor" -l config -d 'Look with the eyes of this site file: its board, camera, lines, bundle' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand doctor" -l board -d 'The board, by name or file; else the site\'s, else the one that this machine is recognised as' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand doctor" -l json -d 'Print all that was found as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand doctor" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand doctor" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l bundle -d 'The model bundle' -r -F
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l frames -d 'Frames to measure, after a tenth as many to warm up' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l width-px -d 'Width of the camera\'s picture' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l height-px -d 'Height of the camera\'s picture' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l format -d 'Pixel format of the camera: grey, yuyv, uyvy, nv12, i420 or rgb24' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l threads -d 'Threads that share every layer of the network; `1,2` for both' -r
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l compare-tract -d 'Run plain tract too, frame by frame in turn, and compare'
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -l json -d 'Print the result as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand bench" -s h -l help -d 'Print help'
complete -c normwatch -n "__fish_normwatch_using_subcommand train" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand train" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand export" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand export" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand import" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand import" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand quantize" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand quantize" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand verify" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand verify" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand eval" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand eval" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand scenes" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand scenes" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand sign" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand sign" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand scene" -s v -l verbose -d 'Say more on standard error; twice for debugging'
complete -c normwatch -n "__fish_normwatch_using_subcommand scene" -s q -l quiet -d 'Say nothing but warnings and errors'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "demo" -d 'Plays the bundled clip through the bundled model on a simulated line and writes an HTML report'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "setup" -d 'Asks about board, camera and lines, tries each, and writes the site file'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "run" -d 'Watches a camera as a site file says, until it is stopped'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "record" -d 'Records footage of a site\'s camera, ready for training'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "learn" -d 'Learns a site\'s camera on this board: observes it, trains a network (package normwatch-toolchain), proves it, and finds its levels'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "bundle" -d 'Lists the bundles that this board has learnt, and says which of them watches'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "normal" -d 'Says that an alarm was normal: its like is not raised again, and learnt'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "missed" -d 'Says that an alarm was missed: its time is not learnt as normal'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "replay" -d 'Plays recorded footage through the same pipeline, without waiting'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "calibrate" -d 'Learns from normal footage which scores are usual'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "events" -d 'Shows what happened, with pictures and reasons'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "check" -d 'Checks a site file and the board file that it names'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "notify" -d 'Lists who is told of events, and tries whether it arrives'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "guard-lines" -d 'Started by `run` beside itself: drives the lines to their safe levels when `run` has died without saying so on this process\'s standard input'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "doctor" -d 'Looks at the machine and says what is in the way'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "bench" -d 'Measures the time of every stage with a bundle on this machine'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "train" -d 'Trains a network on normal footage (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "export" -d 'Makes a bundle of what was trained (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "import" -d 'Takes over a PyTorch checkpoint (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "quantize" -d 'Makes an int8 or f16 bundle of an f32 one (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "verify" -d 'Proves that bundles compute what they should (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "eval" -d 'Measures bundles on labelled footage (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "scenes" -d 'Trains and judges on every scene of a folder (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "sign" -d 'Signs a bundle, so that boards take it from you alone (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "scene" -d 'Renders synthetic footage of a walkway (package normwatch-toolchain)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and not __fish_seen_subcommand_from demo setup run record learn bundle normal missed replay calibrate events check notify guard-lines doctor bench train export import quantize verify eval scenes sign scene help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from bundle" -f -a "list" -d 'Lists them, oldest first'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from bundle" -f -a "use" -d 'Lets the newest one watch, or the one of this number'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from bundle" -f -a "rollback" -d 'Goes back to the one before the current one'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from bundle" -f -a "pin" -d 'Lets one watch, and keeps it: no learning replaces or removes it'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from events" -f -a "list" -d 'One line for each event, the oldest first'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from events" -f -a "show" -d 'All figures of an event, as JSON'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from events" -f -a "explain" -d 'Why it was told, in words'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from events" -f -a "export" -d 'Puts events with all their files into a ZIP archive'
complete -c normwatch -n "__fish_normwatch_using_subcommand help; and __fish_seen_subcommand_from events" -f -a "review" -d 'Marks events as reviewed'
