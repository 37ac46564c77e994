import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../src/engine/engine.ts';
import { createNet } from '../src/nets/create.ts';
import { createAttack } from '../src/attacks/create.ts';
import { lossOf } from '../src/losses/create.ts';
import { createRandom } from '../src/random.ts';
import { robustnessCurves } from '../src/robustness/curve.ts';
import { checkNet } from '../src/robustness/flags.ts';
import { metricOf } from '../src/robustness/metrics/create.ts';
import { inference } from '../src/robustness/target.ts';
await useEngine('auto', { threads: 1 });
const cpu=()=>{const u=process.cpuUsage();return (u.user+u.system)/1000};const B=64, N=Number(process.argv[2]??64);
const shape={task:'classification',imageShape:[64,64,3],classes:2} as const;
const net=inference(createNet({name:'resnet',depth:18},shape,createRandom(1).stream('n')).model);
const eps=[0.5,1,2,4,8,16].map(l=>l/255);
const all:any[]=[]; for(let i=0;i<N;i+=B){const images=tf.randomUniform([B,64,64,3],0,1,'float32',i) as tf.Tensor4D; const labels=tf.tidy(()=>net.logits(images).argMax(-1).toInt()); all.push({ids:[],images,labels,[Symbol.dispose]:()=>{}});}
async function* data(k=all.length){for(const b of all.slice(0,k)) yield b;}
const run=(e:number[],k?:number)=>robustnessCurves(data(k) as any,{net,attacks:[createAttack({name:'fgsm'})],norm:'linf',epsilons:e,metric:{name:'accuracy',metric:metricOf('accuracy')},loss:lossOf('crossEntropy'),random:createRandom(1)});
await run(eps.slice(-1),1);
let t=cpu(); const r=await run(eps); console.log('curve',cpu()-t,JSON.stringify(r.curves[0].points.map((p:any)=>[p.value,p.ssim,p.perturbation?.psnr])),r.curves[0].cost);
t=cpu(); tf.tidy(()=>{checkNet({...all[0],net,loss:lossOf('crossEntropy'),random:createRandom(1)});}); console.log('checks',cpu()-t);
for(let i=0;i<2;i++){t=cpu(); tf.tidy(()=>{net.logits(all[0].images).dataSync()}); console.log('forward',cpu()-t);}
