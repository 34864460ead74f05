# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_normwatch_toolchain_global_optspecs
    string join \n h/help V/version
end

function __fish_normwatch_toolchain_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_normwatch_toolchain_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_normwatch_toolchain_using_subcommand
    set -l cmd (__fish_normwatch_toolchain_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -s h -l help -d 'Print help'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -s V -l version -d 'Print version'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "train" -d 'Trains a network on normal footage: FOOTAGE to a RUN'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "export" -d 'Makes a bundle of a RUN'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "import" -d 'Makes a RUN of a PyTorch checkpoint in MNAD\'s published layout'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "quantize" -d 'Makes an int8 or f16 bundle of an f32 one'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "verify" -d 'Proves that bundles compute what they should'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "calibrate" -d 'Learns from normal footage which scores are usual'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "eval" -d 'Measures bundles on labelled footage, beside trivial predictors'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "scenes" -d 'Trains and judges on every scene of a folder, in one table'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "sign" -d 'Signs a bundle, so that boards take it from you alone'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "scene" -d 'Renders synthetic footage of a walkway, with or without anomalies'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l footage -d 'Normal footage: a folder of images, a folder of such folders, a recording of `normwatch record`, or a video file. May be given more than once' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l out -d 'Folder of the training, the RUN: run.toml, checkpoints, log.jsonl' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l preset -d 'Network and training to start from; the other flags change single values' -r -f -a "paper\t'MNAD\'s prediction network as released: four colour frames of 256×256'
paper-recon\t'MNAD\'s reconstruction network as released: one colour frame of 256×256'
edge\t'Four grey frames of 128×128 and a quarter of the paper\'s width: for boards with NEON'
nano\t'Four grey frames of 96×96 and an eighth of the paper\'s width: trains within minutes on two cores'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l backend -d 'Where the arithmetic is done' -r -f -a "cpu\t'Any CPU, by this program\'s own kernels; needs nothing installed'
flex\t'Any CPU, by burn: much slower; what `cpu` is tested against. Build with `--features burn`'
cuda\t'NVIDIA GPUs; build with `--features cuda`'
wgpu\t'Any GPU with Vulkan, Metal or DirectX; build with `--features wgpu`'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l seed -d 'Equal seeds, footage and flags give equal weights' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l checkpoint-minutes -d 'Time between two checkpoints within an epoch' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l width-px -d 'Width of the frames that the network takes, a multiple of 8' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l height-px -d 'Height of the frames that the network takes, a multiple of 8' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l channels -d '`luma`, `rgb` or `bgr`' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l resize -d 'How frames are scaled: `bilinear`, or `area` against aliasing' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l frames -d 'Past frames that the prediction is made from' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l frame-spacing -d 'Frames from one that the network sees to the next: with 2, frame i is predicted from i−8, i−6, i−4 and i−2. Slow motion shows better' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l fps -d 'Frames a second of the footage, and of the device later [default: the recording\'s own, else 10]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l base-width -d 'Channels of the first block; queries have 8 times as many' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l items -d 'Memory items' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l temperature -d 'What similarities are divided by before the softmax that reads the memory: at 1, as published, the read is all but the mean item; near 0 it is the nearest one' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l predicts -d 'What the network\'s last layer gives: the next frame, or its change since the newest one' -r -f -a "frame\t'The frame, by tanh, as published'
change\t'What is added to the newest frame. The convolution starts at zero, so that learning starts where subtracting two frames ends'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l upsampling -d 'How the decoder doubles its resolution' -r -f -a "transposed\t'The paper\'s transposed convolution, 3×3 with stride 2'
nearest\t'Every pixel four times, then a 3×3 convolution'
pixel-shuffle\t'A 3×3 convolution to four times the channels, folded into 2×2 pixels'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l relight -d 'Whether jumps of the light are taken out of the pictures, now and on the device: an automatic exposure, a lamp. [default: of `edge` and `nano`, unless more than 2 % of the frames jump]' -r -f -a "true\t''
false\t''"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l epochs -d 'How often every window is seen' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l steps -d 'Steps in all, about' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l minutes -d 'Time in minutes from the start to the last checkpoint. The learning rate falls by the time that is over, so that the training is whole on any machine, however busy; its weights are then no machine\'s but this one\'s. `--epochs` and `--steps` give equal weights everywhere' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l batch -d 'Windows in a step' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l learning-rate -d 'Adam\'s step size at the start; it falls to 0 along half a cosine' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l compact -d 'Weight of the compactness loss' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l separate -d 'Weight of the separateness loss' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l motion-weight -d 'How much more a pixel counts in the loss where something moves: with 4, five times as much. 0 counts all alike, as published' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l normaliser -d 'What divides the update weights of the memory' -r -f -a "released\t'Their maximum over all queries, as the released code has it'
paper\t'Their maximum over the item\'s own queries, the paper\'s equation 5'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l held-out -d 'Share of the footage that only validation sees' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l ema-memory -d 'Blend each memory update with this share of the old item, for instance 0.9. As published, an update all but replaces the item' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l light-changes -d 'Change contrast and brightness of each window by up to this share, for instance 0.1' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l pseudo-anomalies -d 'Paste a moving patch into the input, not the target, of this share of the windows: the network learns not to predict what it does not know' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l skip-frames -d 'Play this share of the windows 2 to 4 times as fast, in a region or all over, and drive the queries of what moves there away from the memory: its distance then says what is not among the normal patterns. 0.25, for instance' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l contrast -d 'Weight of the loss that does so' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l teacher -d 'A RUN of a bigger network with the same frames; its predictions are learnt beside the footage' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l teacher-weight -d 'Weight of the squared difference to the teacher\'s prediction' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l json -d 'Print one JSON line for each epoch, and a summary'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -l flip -d 'Mirror every second window'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand train" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l out -d 'Where the bundle goes; must not exist' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l name -d 'Its name [default: the RUN folder\'s]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l licence -d 'One sentence: what may be done with the bundle' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l block-px -d 'Side of the box filter over the squared error, in model pixels; about the size of a head' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l texture-floor -d 'c of the relative error, on the scale of squared grey levels from 0 to 1: a smaller one trusts flat areas more; `inf` takes the plain error [default: 0.003 for a network that predicts the change, or else 0.01]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l motion-factor -d 'k of the relative error: how often the predicted motion counts beside the texture [default: 16 for a network that predicts the change, or else 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l smoothing-ms -d 'Time constant of the score\'s smoothing' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l memory-weight -d 'Weight of the memory distance beside the block term\'s 1 [default: 0.25 for a RUN of `train --skip-frames`, or else 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l grey -d 'For a grey camera: folds a colour network so that it takes and predicts grey frames. Queries and skips are identical to those of a grey frame in three equal channels; the prediction is the mean of its channels before the last activation'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -l json -d 'Print the report as JSON'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand export" -s h -l help -d 'Print help'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -l pytorch -d 'The checkpoint, .pth or .pt' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -l keys -d 'The memory items: .pt from `torch.save(items)`, or .npy' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -l out -d 'Where the RUN goes' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -l side-px -d 'Side of the square frames that it was trained on' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -l fps -d 'Frames a second of the footage that it was trained on' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -l training-data -d 'One sentence: the footage that it learnt from' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -l json -d 'Print what was made as JSON'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand import" -s h -l help -d 'Print help'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l out -d 'Where the new bundle goes; must not exist' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l footage -d 'Normal footage: a folder of images, a folder of such folders, or a video file. May be given more than once' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l to -r -f -a "int8\t''
f16\t''"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l weights -d 'One scale for each output channel, or one for the whole layer. The kernels of the runtime take both alike; stock tract is faster with one' -r -f -a "per-channel\t''
per-tensor\t''"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l ranges -d 'How the range of every tensor is chosen' -r -f -a "min-max\t'From the smallest to the largest value seen'
percentile\t'Leaves out the rarest values, see `--percentile`'
mse\t'The range with the least mean squared error of the values seen'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l percentile -d 'Share of the values that `--ranges percentile` keeps' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l samples -d 'Samples taken from the footage, evenly spread' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l max-drift -d 'Largest change of prediction and memory distance, relative to the prediction\'s error and the distance, before layers are left in f32' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l float-layer -d 'Layers that stay in f32 whatever they do, by name' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l qdq -d 'Writes the same quantisation for other runtimes (ONNX Runtime, TensorRT): encoder.onnx and decoder.onnx with QuantizeLinear and DequantizeLinear pairs' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l qdq-activations -d 'What those pairs store: u8 for x86-64, i8 for ARM' -r -f -a "u8\t'What ONNX Runtime is fast with on x86-64'
i8\t'What it is fast with on ARM'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l no-equalisation -d 'Leave the channels\' ranges as they are'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l no-bias-correction -d 'Leave the biases as they are'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -l json -d 'Print the report as JSON'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand quantize" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand verify" -l footage -d 'Footage that neither training nor calibration saw' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand verify" -l samples -d 'Samples taken from the footage for the comparison of predictions' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand verify" -l alarms-per-day -d 'False alarms a day that the compared alarm levels stand for' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand verify" -l json -d 'Print the report as JSON'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand verify" -s h -l help -d 'Print help'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l dataset -d 'The labelled data set' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l protocol -r -f -a "paper\t'Each clip normalised by its own extremes, as the literature has it'
deployed\t'Causal, with levels from training footage'
both\t''"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l update -d 'Whether the memory learns during the test. If so, it goes from clip to clip, in order, in one thread' -r -f -a "frozen\t'It stays as it was trained'
released\t'Gated, normalised as in the released code'
paper\t'Gated, normalised as in the paper\'s eq. 5'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l lambda -d 'λ of the paper\'s score, the weight of the PSNR [default: the bundle\'s]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l alarms-per-day -d 'False alarms a day that the levels are set for' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l calibration -d 'What the causal score and its levels are calibrated on' -r -f -a "training\t'The data set\'s training clips, calibrated now as `normwatch calibrate` does, memory frozen'
bundle\t'The bundle\'s own calibration'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l perturb -d 'Also measure with changed test frames: light=+30%, light=-30%, noise=8 (σ in 8-bit levels), jpeg=40 (quality), shake=2 (pixels), or `standard` for all of these. Repeat for several. Calibration stays as it is' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l motion-gate -d 'Let the network rest in test frames while no part of the picture changes by more than so many of 255 grey levels' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l seed -d 'Seed of noise and shake' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l fps -d 'Frames a second of the footage [default: the model\'s]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l report -d 'Write all figures to this file, as JSON' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l html -d 'Write a page to this file: curves, score over time, and the frames that the first bundle is most wrong about' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l jobs -d 'Threads. The figures do not depend on it' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l no-stabilise -d 'Judge the pictures as they come, without moving back those of a swaying camera, and without evening the light'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -l json -d 'Print all figures as JSON instead of tables'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand eval" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l data -d 'The folder of scenes, or a single scene' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l preset -d 'Network and training to start from' -r -f -a "paper\t'MNAD\'s prediction network as released: four colour frames of 256×256'
paper-recon\t'MNAD\'s reconstruction network as released: one colour frame of 256×256'
edge\t'Four grey frames of 128×128 and a quarter of the paper\'s width: for boards with NEON'
nano\t'Four grey frames of 96×96 and an eighth of the paper\'s width: trains within minutes on two cores'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l minutes -d 'Time for the training of each scene [default: the length that `train` has]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l out -d 'Folder for report and bundles [default: out/scenes/, and in it a folder named after preset, minutes and seed]' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l only -d 'Only these scenes' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l fps -d 'Frames a second of the footage, of all scenes that do not say it themselves (recording.toml or scene.toml) or with NAME=RATE of one [default: the preset\'s]. The bundle\'s rate is the scene\'s' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l seed -d 'Equal seeds, data and flags give equal weights, unless the time decides how long a training is' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l precision -d 'The bundle that is judged' -r -f -a "f32\t'As the training left it'
int8\t'Quantised, with the footage that it was trained on'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l jobs -d 'Threads of the judgement. The figures do not depend on it' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l skip-training -d 'Judge the bundles that are in --out already'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -l json -d 'Print all figures as JSON instead of tables'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scenes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand sign" -l key -d 'The secret key to sign with' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand sign" -l new-key -d 'Make a key: the secret one in FILE, the public one in FILE.pub. Neither may exist' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand sign" -l password-file -d 'The secret key\'s password, on the first line of FILE; a key without one is only as safe as the disk that it lies on' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand sign" -l network-alone -d 'Leave the calibration out of it: whoever may write to the bundle may then calibrate it, and change its levels'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l out -d 'Folder to write to: frames/, masks/, labels.json, scene.toml' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l like -d 'Start from the parameters in this scene.toml instead of the defaults; other options override them. Alone it renders the same bytes again' -r -F
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l seed -d 'The place: equal seeds show the same ground from the same camera [default: 1]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l clips -d 'Number of clips to render [default: 4]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l first-clip -d 'Number of the first clip. A clip\'s number selects its traffic, light and noise, so a test set that starts at 101 shares none with a training set of clips 1 to 100 [default: 1]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l seconds -d 'Length of each clip in seconds [default: 60]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l fps -d 'Frames per second. Speeds stay the same in metres per second [default: 10]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l width-px -d 'Width of the frames in pixels [default: 320]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l height-px -d 'Height of the frames in pixels [default: 180]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l anomaly -d 'Something that must not happen; repeat for several kinds. They take turns within a clip and from one clip to the next' -r -f -a "cyclist\t'Somebody rides a bicycle through at 4 to 6 m/s'
cart\t'A small electric cart drives through at 2 to 3 m/s'
running\t'Somebody runs through at 3.5 to 5 m/s'
against-flow\t'Somebody walks the wrong way in a lane, or crosses over the grass'
left-behind\t'A bag lies on the ground after the one who carried it has left; it lasts until somebody picks the bag up'
fall\t'Somebody falls, lies still and gets up again'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l anomalies-per-clip -d 'How many anomalies happen in each clip. They never overlap: at least four normal seconds lie between two of them [default: 3]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l lead-in-s -d 'Normal seconds at the beginning of each clip [default: 8]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l density -d 'How busy the path is: 1 shows about three people at a time [default: 1]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l noise-sigma -d 'Sensor noise at mid-grey, as a standard deviation in 8-bit levels. Bright areas get more of it, dark ones less [default: 2]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l light-drift -d 'How much brightness wanders over tens of seconds to minutes, relative to its mean. Clouds dim the sun by up to four times as much [default: 0.08]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l shake-px -d 'How far the camera sways on its mount, in pixels [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l camera -d 'Another viewpoint on the same place; 0 is the place\'s own [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l light -d 'Brighter or darker than usual: -0.3 is 30 % less light [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l light-ramp -d 'Slow change of light: by this share from start to end of each clip [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l sun-turn-deg -d 'Slow change of shadows: the sun turns by this angle during each clip [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l fog -d 'Fog, from 0 to 1; 1 hides half of what is 14 m away [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l rain -d 'Rain, from 0 to 1 [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l snow -d 'Snow, from 0 to 1 [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l moths -d 'Insects a minute that cross close before the lens, lit by the camera\'s own lamp: large, bright, gone within half a second, and no anomaly [default: 0]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l jpeg-quality -d 'Quality of JPEG frames, from 1 to 100 [default: 85]' -r
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l format -d 'File format of the frames [default: jpg]' -r -f -a "jpg\t'Lossy, as from a network camera'
png\t'Lossless: exactly what the sensor model gives'"
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l colour -d 'Write RGB instead of grey frames'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l force -d 'Replace the footage in a folder that is not empty'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -l json -d 'Print what was rendered as JSON'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand scene" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "train" -d 'Trains a network on normal footage: FOOTAGE to a RUN'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "export" -d 'Makes a bundle of a RUN'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "import" -d 'Makes a RUN of a PyTorch checkpoint in MNAD\'s published layout'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "quantize" -d 'Makes an int8 or f16 bundle of an f32 one'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "verify" -d 'Proves that bundles compute what they should'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "calibrate" -d 'Learns from normal footage which scores are usual'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "eval" -d 'Measures bundles on labelled footage, beside trivial predictors'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "scenes" -d 'Trains and judges on every scene of a folder, in one table'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "sign" -d 'Signs a bundle, so that boards take it from you alone'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "scene" -d 'Renders synthetic footage of a walkway, with or without anomalies'
complete -c normwatch-toolchain -n "__fish_normwatch_toolchain_using_subcommand help; and not __fish_seen_subcommand_from train export import quantize verify calibrate eval scenes sign scene help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
